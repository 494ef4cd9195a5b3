"""Names of TensorFlow that a Keras-2 model's nodes may call: functions that only compute.

Keras 2 writes a function called on a layer's output as a node that names it, and `tf_keras` looks
up whatever is named. Listed one by one, because a module that sounds harmless need not be:
`nn.fixed_unigram_candidate_sampler` reads a vocabulary file.

Source: tf_keras/src/layers/core/tf_op_layer.py has the kinds of nodes and what Keras 2 itself
writes into them.
"""

_BY_MODULE = {
    "": """
        abs add argmax argmin broadcast_to cast clip_by_value concat cos divide equal exp
        expand_dims fill floor gather greater greater_equal identity less less_equal maximum
        minimum multiply negative not_equal one_hot ones_like pad pow range rank realdiv
        reduce_max reduce_mean reduce_min reduce_prod reduce_sum reshape reverse round shape sigmoid
        sign sin slice space_to_depth split sqrt square squeeze stack strided_slice subtract tanh
        tensordot tile transpose truediv unstack where zeros_like
    """,
    "compat.v1.": "shape transpose",
    "__operators__.": "add eq ne",
    "keras.activations.": """
        elu exponential gelu hard_sigmoid linear mish relu selu sigmoid softmax softplus softsign
        swish tanh
    """,
    "image.": """
        adjust_brightness adjust_contrast adjust_gamma adjust_hue adjust_saturation central_crop
        combined_non_max_suppression convert_image_dtype crop_and_resize crop_to_bounding_box
        extract_glimpse extract_patches flip_left_right flip_up_down grayscale_to_rgb hsv_to_rgb
        image_gradients non_max_suppression non_max_suppression_overlaps non_max_suppression_padded
        non_max_suppression_with_scores pad_to_bounding_box per_image_standardization psnr
        random_brightness random_contrast random_crop random_flip_left_right random_flip_up_down
        random_hue random_saturation resize resize_with_crop_or_pad resize_with_pad
        rgb_to_grayscale rgb_to_hsv rgb_to_yiq rgb_to_yuv rot90 sample_distorted_bounding_box
        sobel_edges ssim ssim_multiscale stateless_random_brightness stateless_random_contrast
        stateless_random_crop stateless_random_flip_left_right stateless_random_flip_up_down
        stateless_random_hue stateless_random_saturation stateless_sample_distorted_bounding_box
        total_variation transpose yiq_to_rgb yuv_to_rgb
    """,
    "linalg.": """
        adjoint band_part banded_triangular_solve cholesky cholesky_solve cross det diag diag_part
        eig eigh eigh_tridiagonal eigvals eigvalsh einsum expm eye global_norm inv l2_normalize
        logdet logm lstsq lu lu_matrix_inverse lu_reconstruct lu_solve matmul matrix_rank
        matrix_transpose matvec norm normalize pinv qr set_diag slogdet solve sqrtm svd tensor_diag
        tensor_diag_part tensordot trace triangular_solve tridiagonal_matmul tridiagonal_solve
    """,
    "math.": """
        abs accumulate_n acos acosh add add_n angle approx_max_k approx_min_k argmax argmin asin
        asinh atan atan2 atanh bessel_i0 bessel_i0e bessel_i1 bessel_i1e betainc bincount ceil
        confusion_matrix conj cos cosh count_nonzero cumprod cumsum cumulative_logsumexp digamma
        divide divide_no_nan equal erf erfc erfcinv erfinv exp expm1 floor floordiv floormod
        greater greater_equal igamma igammac imag in_top_k invert_permutation is_finite is_inf
        is_nan is_non_decreasing is_strictly_increasing l2_normalize lbeta less less_equal lgamma
        log log1p log_sigmoid log_softmax logical_and logical_not logical_or logical_xor maximum
        minimum mod multiply multiply_no_nan ndtri negative nextafter not_equal polygamma polyval
        pow real reciprocal reciprocal_no_nan reduce_all reduce_any reduce_euclidean_norm
        reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_std reduce_sum
        reduce_variance rint round rsqrt scalar_mul segment_max segment_mean segment_min
        segment_prod segment_sum sigmoid sign sin sinh sobol_sample softmax softplus softsign
        special.bessel_i0 special.bessel_i0e special.bessel_i1 special.bessel_i1e special.bessel_j0
        special.bessel_j1 special.bessel_k0 special.bessel_k0e special.bessel_k1 special.bessel_k1e
        special.bessel_y0 special.bessel_y1 special.dawsn special.expint special.fresnel_cos
        special.fresnel_sin special.spence sqrt square squared_difference subtract tan tanh top_k
        truediv unsorted_segment_max unsorted_segment_mean unsorted_segment_min
        unsorted_segment_prod unsorted_segment_sqrt_n unsorted_segment_sum xdivy xlog1py xlogy
        zero_fraction zeta
    """,
    "nn.": """
        approx_max_k approx_min_k atrous_conv2d atrous_conv2d_transpose avg_pool avg_pool1d
        avg_pool2d avg_pool3d batch_norm_with_global_normalization batch_normalization bias_add
        conv1d conv1d_transpose conv2d conv2d_transpose conv3d conv3d_transpose conv_transpose
        convolution crelu depth_to_space depthwise_conv2d depthwise_conv2d_backprop_filter
        depthwise_conv2d_backprop_input dilation2d dropout elu embedding_lookup erosion2d
        experimental.stateless_dropout fractional_avg_pool fractional_max_pool gelu in_top_k
        isotonic_regression l2_loss l2_normalize leaky_relu local_response_normalization
        log_poisson_loss log_softmax lrn max_pool max_pool1d max_pool2d max_pool3d
        max_pool_with_argmax moments normalize_moments pool relu relu6 selu separable_conv2d
        sigmoid sigmoid_cross_entropy_with_logits silu softmax softmax_cross_entropy_with_logits
        softplus softsign space_to_batch space_to_depth sparse_softmax_cross_entropy_with_logits
        sufficient_statistics swish tanh top_k weighted_cross_entropy_with_logits weighted_moments
        zero_fraction
    """,
}

FUNCTIONS = frozenset(
    module + name for module, names in _BY_MODULE.items() for name in names.split()
)
"""What a TFOpLambda node may call."""

SLICINGS = frozenset(
    module + name
    for module, names in {
        "__operators__.": ("getitem", "ragged_getitem"),
        "": ("boolean_mask",),
        "compat.v1.": ("boolean_mask",),
    }.items()
    for name in names
)
"""What a SlicingOpLambda node may call: x[:, 1:] and its kin."""

CLASS_METHODS = frozenset(
    f"RaggedTensor.from_{name}"
    for name in (
        *("value_rowids", "row_splits", "row_lengths", "row_starts", "row_limits"),
        *("uniform_row_length", "nested_value_rowids", "nested_row_splits"),
        *("nested_row_lengths", "tensor", "sparse"),
    )
)
"""What a ClassMethod node may call, as class and method."""

PROPERTIES = frozenset(
    {"dense_shape", "flat_values", "indices", "nested_row_splits", "row_splits", "values"}
)
"""What an InstanceProperty node may read of a tensor."""

METHODS = frozenset(
    """
    bounding_shape merge_dims nested_row_lengths nested_value_rowids nrows row_lengths row_limits
    row_starts to_sparse to_tensor value_rowids with_flat_values with_row_splits_dtype with_values
    """.split()  # noqa: SIM905 - readable as one line a word is not
)
"""What an InstanceMethod node may call on a tensor."""
