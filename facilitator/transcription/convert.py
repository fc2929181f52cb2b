"""Build an openai-whisper model in memory from CTranslate2 weights, so that one set of weights serves both engines.

Tensors map one to one. CTranslate2 fuses projections that read the same input: query, key and value of self-attention
lie in one matrix, key and value of cross-attention in another. Whisper's keys have no bias; CTranslate2 stores zeros.
Imported by the worker only: it loads torch.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import whisper
from whisper.model import ModelDimensions, Whisper

from facilitator.domain.errors import Damaged
from facilitator.transcription import ct2_file
from facilitator.transcription.ct2_file import Variables

_Named = dict[str, npt.NDArray[Any]]


def whisper_model(model_bin: bytes, model: str) -> Whisper:
    """An openai-whisper model, float32 on the CPU, from the content of a CTranslate2 `model.bin`.

    Args:
        model_bin: fp16 or fp32 weights of a Whisper model.
        model: its name, such as "base", which says what attention heads give word times.

    Raises:
        Damaged: the content is not that of such a file.
    """
    found = ct2_file.variables(model_bin)
    try:
        dimensions = _dimensions(found)
        state = _state(found, dimensions)
    except KeyError as error:
        raise Damaged("The speech model's weights are incomplete.", do="Run `facilitator models get base`.") from error
    built = Whisper(dimensions)
    tensors = {name: torch.from_numpy(np.array(values, dtype=np.float32)) for name, values in state.items()}
    built.load_state_dict(tensors, strict=True)
    heads = whisper._ALIGNMENT_HEADS.get(model)
    if heads is not None:  # models by others lack them; Whisper then uses the upper half of its heads
        built.set_alignment_heads(heads)
    return built.eval()


def _dimensions(found: Variables) -> ModelDimensions:
    vocabulary, text_state = found["decoder/embeddings/weight"].shape
    audio_state, mels, _ = found["encoder/conv1/weight"].shape
    return ModelDimensions(
        n_mels=mels,
        n_audio_ctx=found["encoder/position_encodings/encodings"].shape[0],
        n_audio_state=audio_state,
        n_audio_head=int(found["encoder/num_heads"]),
        n_audio_layer=_layers(found, "encoder"),
        n_vocab=vocabulary,
        n_text_ctx=found["decoder/position_encodings/encodings"].shape[0],
        n_text_state=text_state,
        n_text_head=int(found["decoder/num_heads"]),
        n_text_layer=_layers(found, "decoder"),
    )


def _layers(found: Variables, side: str) -> int:
    return len({name.split("/")[1] for name in found if name.startswith(f"{side}/layer_") and name.count("/") > 2})


def _state(found: Variables, dimensions: ModelDimensions) -> _Named:
    state: _Named = {
        "encoder.positional_embedding": found["encoder/position_encodings/encodings"],
        "decoder.positional_embedding": found["decoder/position_encodings/encodings"],
        "decoder.token_embedding.weight": found["decoder/embeddings/weight"],
    }
    for conv in ("conv1", "conv2"):
        state |= _linear(found, f"encoder/{conv}", f"encoder.{conv}")
    state |= _norm(found, "encoder/layer_norm", "encoder.ln_post")
    state |= _norm(found, "decoder/layer_norm", "decoder.ln")
    for layer in range(dimensions.n_audio_layer):
        state |= _block(found, f"encoder/layer_{layer}", f"encoder.blocks.{layer}")
    for layer in range(dimensions.n_text_layer):
        source, target = f"decoder/layer_{layer}", f"decoder.blocks.{layer}"
        state |= _block(found, source, target) | _cross_attention(found, f"{source}/attention", target)
    return state


def _block(found: Variables, source: str, target: str) -> _Named:
    attention = f"{source}/self_attention"
    return (
        _fused(found, f"{attention}/linear_0", f"{target}.attn", ("query", "key", "value"))
        | _linear(found, f"{attention}/linear_1", f"{target}.attn.out")
        | _norm(found, f"{attention}/layer_norm", f"{target}.attn_ln")
        | _linear(found, f"{source}/ffn/linear_0", f"{target}.mlp.0")
        | _linear(found, f"{source}/ffn/linear_1", f"{target}.mlp.2")
        | _norm(found, f"{source}/ffn/layer_norm", f"{target}.mlp_ln")
    )


def _cross_attention(found: Variables, source: str, target: str) -> _Named:
    return (
        _linear(found, f"{source}/linear_0", f"{target}.cross_attn.query")
        | _fused(found, f"{source}/linear_1", f"{target}.cross_attn", ("key", "value"))
        | _linear(found, f"{source}/linear_2", f"{target}.cross_attn.out")
        | _norm(found, f"{source}/layer_norm", f"{target}.cross_attn_ln")
    )


def _fused(found: Variables, source: str, target: str, names: tuple[str, ...]) -> _Named:
    weights = np.split(found[f"{source}/weight"], len(names))
    biases = np.split(found[f"{source}/bias"], len(names))
    parts: _Named = {}
    for name, weight, bias in zip(names, weights, biases, strict=True):
        parts[f"{target}.{name}.weight"] = weight
        if name != "key":
            parts[f"{target}.{name}.bias"] = bias
    return parts


def _linear(found: Variables, source: str, target: str) -> _Named:
    return {f"{target}.weight": found[f"{source}/weight"], f"{target}.bias": found[f"{source}/bias"]}


def _norm(found: Variables, source: str, target: str) -> _Named:
    return {f"{target}.weight": found[f"{source}/gamma"], f"{target}.bias": found[f"{source}/beta"]}
