using System.Collections.Immutable;
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
        if (scale <= 0) throw MilvusException.InvalidParameter($"decay function param: scale must > 0, but got {scale}");
        if (offset < 0) throw MilvusException.InvalidParameter($"decay function param: offset must >= 0, but got {offset}");
        if (decay is not (>= 0.001 and <= 0.999)) throw MilvusException.InvalidParameter($"decay function param: decay must in range [0.001, 0.999], but got {decay}");
        var logarithm = Math.Log(decay);
        Func<double, double> factor = parameters.GetValueOrDefault("function", "").ToLowerInvariant() switch
        {
            "gauss" => d => Math.Exp(d * d * logarithm / (scale * scale)),
            "exp" => d => Math.Exp(d * logarithm / scale),
            "linear" => d => Math.Max(decay, 1 - (d * (1 - decay) / scale)),
            "" => throw MilvusException.InvalidParameter("decay function not specified"),
            var other => throw MilvusException.InvalidParameter($"invaild decay function: {other}, only support [gauss, linear, exp]"),
        };
        return new DecayCurve(origin, offset, factor);
    }

    /// <summary>In (0, 1].</summary>
    public double At(double value) => _factor(Math.Max(0, Math.Abs(value - _origin) - _offset));

    private static double Number(ImmutableDictionary<string, string> parameters, string key, double? usual)
    {
        if (!parameters.TryGetValue(key, out var text) || text.Length == 0) return usual ?? throw MilvusException.InvalidParameter($"decay function lost param: {key}");
        return ParamText.TryNumber(text, out var value) ? value : throw MilvusException.InvalidParameter($"param {key}:{text} is not a number");
    }
}
