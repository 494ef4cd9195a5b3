"""Why a layer of a quantized file is off."""
