"""Names and types as the TFLite schema numbers them."""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

OPERATOR_NAMES = {
    code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)
}
OPERATOR_CODES = {name: code for code, name in OPERATOR_NAMES.items()}

DTYPES: dict[int, np.dtype[Any]] = {
    schema.TensorType.FLOAT32: np.dtype(np.float32),
    schema.TensorType.FLOAT16: np.dtype(np.float16),
    schema.TensorType.INT32: np.dtype(np.int32),
    schema.TensorType.UINT8: np.dtype(np.uint8),
    schema.TensorType.INT64: np.dtype(np.int64),
    schema.TensorType.BOOL: np.dtype(np.bool_),
    schema.TensorType.INT16: np.dtype(np.int16),
    schema.TensorType.INT8: np.dtype(np.int8),
    schema.TensorType.FLOAT64: np.dtype(np.float64),
    schema.TensorType.UINT32: np.dtype(np.uint32),
    schema.TensorType.UINT64: np.dtype(np.uint64),
    schema.TensorType.UINT16: np.dtype(np.uint16),
}
TENSOR_TYPES = {dtype: code for code, dtype in DTYPES.items()}
