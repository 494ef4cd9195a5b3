package com.edgevision.demo

import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import edgevision.core.CardException
import edgevision.core.ModelCard
import edgevision.core.Postprocessor
import edgevision.core.Preprocessor

/**
 * The model, compiled for one accelerator, with its buffers; use from one thread.
 *
 * @param accelerator what really runs: the GPU is asked for alone, because LiteRT given (GPU, CPU)
 *   falls back without saying so, and the screen would name the wrong one
 */
class Classifier private constructor(
    val card: ModelCard,
    val accelerator: Accelerator,
    /** Why the GPU is not used although it was asked for; null when it was not or is. */
    val gpuRefusal: String?,
    val openNs: Long,
    private val model: CompiledModel,
) : AutoCloseable {
    val preprocessor = Preprocessor(card.contract, card.input.quantization)
    private val postprocessor = Postprocessor(card.output)
    private val inputs: List<TensorBuffer> = model.createInputBuffers()
    private val outputs: List<TensorBuffer> = try {
        model.createOutputBuffers()
    } catch (error: LiteRtException) {
        for (buffer in inputs) buffer.close()
        throw error
    }

    /** Copies the preprocessor's tensor into the model's memory. */
    fun feed() {
        if (card.input.quantization != null) {
            inputs[0].writeInt8(preprocessor.int8)
        } else {
            inputs[0].writeFloat(preprocessor.float32)
        }
    }

    /** One inference on what was fed; nothing else, so that it can be timed. */
    fun invoke() = model.run(inputs, outputs)

    /** Real scores of the last inference, one per class; the same array every time. */
    fun scores(): FloatArray = if (card.output.quantization != null) {
        postprocessor.int8(outputs[0].readInt8())
    } else {
        postprocessor.float32(outputs[0].readFloat())
    }

    override fun close() {
        for (buffer in inputs + outputs) buffer.close()
        model.close()
    }

    companion object {
        const val THREADS = 2

        /**
         * Raises [CardException] with a message for the screen when no accelerator takes it.
         *
         * @param refusal why the CPU is asked for although the user wants the GPU
         * @param threads on the CPU
         */
        fun open(
            files: ModelFiles,
            card: ModelCard,
            preferGpu: Boolean,
            refusal: String? = null,
            threads: Int = THREADS,
        ): Classifier {
            fun compile(accelerator: Accelerator, refusal: String?) =
                compile(files, card, accelerator, refusal, threads)
            try {
                if (preferGpu) {
                    try {
                        return compile(Accelerator.GPU, null)
                    } catch (error: LiteRtException) {
                        val why = error.message ?: error.javaClass.simpleName
                        return compile(Accelerator.CPU, why)
                    }
                }
                return compile(Accelerator.CPU, refusal)
            } catch (error: LiteRtException) {
                throw CardException("LiteRT refuses it: ${error.message}")
            } catch (error: LinkageError) {
                // The library of this phone's processor is not in the app.
                throw CardException("LiteRT's library cannot be loaded: ${error.message}")
            }
        }

        private fun compile(
            files: ModelFiles,
            card: ModelCard,
            accelerator: Accelerator,
            refusal: String?,
            threads: Int,
        ): Classifier {
            val options = CompiledModel.Options(accelerator)
            if (accelerator == Accelerator.CPU) {
                options.cpuOptions = CompiledModel.CpuOptions(numThreads = threads)
            }
            val start = System.nanoTime()
            val model = files.compile(card, options)
            val openNs = System.nanoTime() - start
            try {
                return Classifier(card, accelerator, refusal, openNs, model)
            } catch (error: LiteRtException) {
                // Some drivers compile the model and then cannot give it memory.
                model.close()
                throw error
            }
        }
    }
}
