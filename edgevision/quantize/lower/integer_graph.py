"""Writing the integer graph: each operator in its precision, and conversions where they differ."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from edgevision.quantize.assign import affine
from edgevision.quantize.assign.integer_plan import IntegerPlan
from edgevision.tflite import ops, schema
from edgevision.tflite.graph import Graph, Operator, QuantParams, Tensor
from edgevision.tflite.ops.kinds import OperatorKind, kind_of


def lower(graph: Graph, plan: IntegerPlan) -> Graph:
    """The integer graph of `plan`; its operators have the ids of those they were made of."""
    return _Writer(graph, plan).write()


class _Writer:
    """Holds the graph under construction, and every form each tensor already has."""

    def __init__(self, graph: Graph, plan: IntegerPlan) -> None:
        self.source = graph
        self.plan = plan
        self.out = graph.copy()
        self.out.operators = []
        self.forms: dict[int, dict[Any, int]] = {}
        self.dtype = np.dtype(np.int8 if plan.bits == 8 else np.int16)
        self.taken: set[str] = set()

    def write(self) -> Graph:
        self.out.inputs = [self._input(index) for index in self.source.inputs]
        for op in self.source.operators:
            if op.id in self.plan.integer:
                self._integer(op)
            else:
                self._float(op)
        self.out.outputs = [self._final(index) for index in self.source.outputs]
        return self.out

    def _input(self, index: int) -> int:
        """The tensor the caller fills; when it holds integers, the graph begins with them."""
        declared = self.plan.interface.get(index)
        if declared is None:
            self.forms[index] = {None: index}
            return index
        name, scales = self.source.tensors[index].name, self.plan.scales[index]
        given = current = self._add(index, name, declared.dtype, declared.scales)
        if declared.dtype == np.uint8 and self.dtype == np.int16:
            # No kernel goes from uint8 to int16 in one step.
            between = self._add(index, f"{name};int8", np.dtype(np.int8), _shifted(declared.scales))
            current = self._requantize(current, between)
        if (declared.dtype, declared.scales.key) != (self.dtype, scales.key):
            inner = self._add(index, f"{name};quantized", self.dtype, scales)
            current = self._requantize(current, inner)
        self.forms[index] = {scales.key: current}
        return given

    def _final(self, index: int) -> int:
        """The tensor the caller reads."""
        declared = self.plan.interface.get(index)
        if declared is None:
            return self.form(index, None)
        current = self.form(index, self.plan.scales[index])
        name = self.source.tensors[index].name
        if declared.dtype == np.uint8 and self.dtype == np.int16:
            between = self._add(index, f"{name};int8", np.dtype(np.int8), _shifted(declared.scales))
            current = self._requantize(current, between)
        if (declared.dtype, declared.scales.key) == (self.dtype, self.plan.scales[index].key):
            return current
        given = self._add(index, f"{name};{declared.dtype}", declared.dtype, declared.scales)
        return self._requantize(current, given)

    def _add(self, index: int, name: str, dtype: np.dtype[Any], scales: QuantParams) -> int:
        shape = self.source.tensors[index].shape
        return self.out.add_tensor(Tensor(name=name, shape=shape, dtype=dtype, scales=scales))

    def _requantize(self, start: int, end: int) -> int:
        self.out.operators.append(
            _conversion("Quantize", start, end, version=2 if self.plan.bits == 8 else 3)
        )
        return end

    def form(self, index: int, scales: QuantParams | None) -> int:
        """The tensor that holds `index` in `scales` (None: float), converted if need be."""
        forms = self.forms.setdefault(index, {None: index})
        key = None if scales is None else scales.key
        if key in forms:
            return forms[key]
        tensor = self.source.tensors[index]
        if tensor.data is not None and scales is not None:
            values = affine.quantize_constant(tensor.data, scales, self.dtype)
            forms[key] = self.out.add_constant(f"{tensor.name};quantized", values, scales=scales)
            return forms[key]
        if scales is None:
            # The most recent integer form is the one its producer wrote.
            forms[None] = self._convert(next(iter(forms.values())), index, None)
            return forms[None]
        start = next(iter(forms.values()))
        forms[key] = self._convert(start, index, scales)
        return forms[key]

    def _convert(self, start: int, index: int, scales: QuantParams | None) -> int:
        tensor = self.source.tensors[index]
        if scales is None:
            kind, version = "Dequantize", 2
            made = Tensor(name=tensor.name, shape=tensor.shape, dtype=np.dtype(np.float32))
        else:
            requantized = self.out.tensors[start].dtype != np.float32
            kind, version = "Quantize", 2 if requantized else 1
            made = Tensor(
                name=f"{tensor.name};requantized" if requantized else f"{tensor.name};quantized",
                shape=tensor.shape,
                dtype=self.dtype,
                scales=scales,
            )
        new = self.out.add_tensor(made)
        if self.plan.bits == 16:
            version = 3
        self.out.operators.append(_conversion(kind, start, new, version=version))
        return new

    def _float(self, op: Operator) -> None:
        inputs = [
            self.form(t, None) if self.source.is_float(t) and self._moves(t) else t
            for t in op.inputs
        ]
        for t in op.outputs:
            self.forms[t] = {None: t}
        self.out.operators.append(_with(op, inputs=inputs, outputs=list(op.outputs)))

    def _moves(self, index: int) -> bool:
        return self.source.tensors[index].data is None

    def _integer(self, op: Operator) -> None:
        rule = kind_of(op.name)
        version = max(op.version, rule.int8_version if self.plan.bits == 8 else rule.int16_version)
        if rule.scaling == "linear" and self.source.constant(op.inputs[rule.weights]) is not None:
            inputs, version = self._linear_inputs(op, rule, version)
        elif rule.scaling == "same":
            scales = self.plan.scales[next(self._activations(op))]
            inputs = [self.form(t, scales) if self.source.is_float(t) else t for t in op.inputs]
        else:
            inputs = [
                self.form(t, self._scales_of(t)) if self.source.is_float(t) else t
                for t in op.inputs
            ]
        outputs = [self._output(t) if self.source.is_float(t) else t for t in op.outputs]
        self.out.operators.append(_with(op, inputs=inputs, outputs=outputs, version=version))

    def _activations(self, op: Operator) -> Iterator[int]:
        """Outputs first: a "same" operator runs in the scale of what it writes."""
        return (t for t in (*op.outputs, *op.inputs) if self.source.is_float(t))

    def _scales_of(self, index: int) -> QuantParams:
        data = self.source.constant(index)
        if data is None:
            return self.plan.scales[index]
        return affine.activation_scales(
            float(data.min(initial=0)), float(data.max(initial=0)), bits=self.plan.bits
        )

    def _output(self, index: int) -> int:
        scales = self.plan.scales[index]
        tensor = self.source.tensors[index]
        new = self.out.add_tensor(
            Tensor(name=tensor.name, shape=tensor.shape, dtype=self.dtype, scales=scales)
        )
        self.forms[index] = {scales.key: new}
        return new

    def _linear_inputs(
        self, op: Operator, rule: OperatorKind, version: int
    ) -> tuple[list[int], int]:
        inputs = list(op.inputs)
        data = inputs[rule.data]
        data_scales = self.plan.scales[data]
        input_scale = float(data_scales.scale[0])
        weights = self.source.known(inputs[rule.weights])
        bias = self.source.constant(inputs[rule.bias]) if len(inputs) > rule.bias else None
        dense = op.name == ops.FULLY_CONNECTED
        axis = None if dense and not self.plan.dense_per_channel else rule.channel_axis
        scales = affine.weight_scales(weights, axis, bias=bias, input_scale=input_scale)
        integers = affine.quantize_weights(weights, scales)
        name = self.source.tensors[inputs[rule.weights]].name
        inputs[rule.data] = self.form(data, data_scales)
        inputs[rule.weights] = self.out.add_constant(self._name(name), integers, scales=scales)
        if bias is not None:
            bias_type = np.dtype(np.int32 if self.plan.bits == 8 else np.int64)
            values, bias_scales = affine.quantize_bias(bias, input_scale, scales, bias_type)
            bias_name = self.source.tensors[inputs[rule.bias]].name
            inputs[rule.bias] = self.out.add_constant(
                self._name(bias_name), values, scales=bias_scales
            )
        if dense and len(scales.scale) > 1:
            # Runtimes before TF 2.17 read one scale only; the version keeps them from trying.
            version = max(version, 12)
        return inputs, version

    def _name(self, name: str) -> str:
        """`name`, made different where two operators share a constant and need two forms of it."""
        count = 1
        unique = name
        while unique in self.taken:
            count += 1
            unique = f"{name};{count}"
        self.taken.add(unique)
        return unique


def _conversion(kind: str, start: int, end: int, *, version: int) -> Operator:
    """A "Quantize" or "Dequantize" operator."""
    return Operator(
        name=kind.upper(),
        inputs=[start],
        outputs=[end],
        version=version,
        options_type=getattr(schema.BuiltinOptions, f"{kind}Options"),
        options=getattr(schema, f"{kind}OptionsT")(),
    )


def _with(op: Operator, **changes: Any) -> Operator:
    changed = copy.copy(op)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _shifted(scales: QuantParams) -> QuantParams:
    """What the same real values are in int8, given their uint8 scales."""
    return QuantParams(scale=scales.scale, zero_point=scales.zero_point - 128, axis=scales.axis)
