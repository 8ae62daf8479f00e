using System.Collections.Immutable;
using System.Globalization;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Ranking;

/// <summary>
/// Falls with the distance of a number from an origin: by a Gauss curve, exponentially or linearly. 1 up to the distance <c>offset</c>, <c>decay</c> at
/// <c>offset + scale</c>.
/// </summary>
internal sealed class DecayCurve
{
    private readonly Func<double, double> _factor;
    private readonly double _origin;
    private readonly double _offset;

    private DecayCurve(double origin, double offset, Func<double, double> factor)
    {
        _origin = origin;
        _offset = offset;
        _factor = factor;
    }

    /// <exception cref="MilvusException">1100: a parameter is missing or out of range.</exception>
    public static DecayCurve Parse(ImmutableDictionary<string, string> parameters)
    {
        var origin = Number(parameters, "origin", null);
        var scale = Number(parameters, "scale", null);
        var offset = Number(parameters, "offset", 0);
        var decay = Number(parameters, "decay", 0.5);
        if (scale <= 0) throw MilvusException.InvalidParameter(string.Create(CultureInfo.InvariantCulture, $"decay: scale must be > 0, got {scale:F6}"));
        if (offset < 0) throw MilvusException.InvalidParameter(string.Create(CultureInfo.InvariantCulture, $"decay: offset must be >= 0, got {offset:F6}"));
        if (decay is not (> 0 and < 1)) throw MilvusException.InvalidParameter(string.Create(CultureInfo.InvariantCulture, $"decay: decay must be 0 < decay < 1, got {decay:F6}"));
        if (decay is not (>= 0.001 and <= 0.999))
            throw MilvusException.InvalidParameter(string.Create(CultureInfo.InvariantCulture, $"decay: decay must be between 0.001000 and 0.999000 for numerical stability, got {decay:F6}"));
        var logarithm = Math.Log(decay);
        Func<double, double> factor = parameters.GetValueOrDefault("function", "").ToLowerInvariant() switch
        {
            "gauss" => d => Math.Exp(d * d * logarithm / (scale * scale)),
            "exp" => d => Math.Exp(d * logarithm / scale),
            "linear" => d => Math.Max(decay, 1 - (d * (1 - decay) / scale)),
            "" => throw Missing("function"),
            var other => throw MilvusException.InvalidParameter($"decay: invalid function \"{other}\", must be one of [gauss, exp, linear]"),
        };
        return new DecayCurve(origin, offset, factor);
    }

    /// <summary>In (0, 1].</summary>
    public double At(double value) => _factor(Math.Max(0, Math.Abs(value - _origin) - _offset));

    private static double Number(ImmutableDictionary<string, string> parameters, string key, double? usual)
    {
        if (!parameters.TryGetValue(key, out var text) || text.Length == 0) return usual ?? throw Missing(key);
        return ParamText.TryNumber(text, out var value) ? value : throw MilvusException.InvalidParameter($"decay param {key}: {text} is not a number");
    }

    private static MilvusException Missing(string key) => new(ErrorCode.MissingParameter, $"decay {key} not specified: missing parameter") { IsInputError = true };
}
