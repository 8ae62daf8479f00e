using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>Rounds scores half away from zero to some decimals.</summary>
internal static class ScoreRounding
{
    public const int Off = -1;
    private const string Key = "round_decimal";

    public static int Parse(ImmutableDictionary<string, string> parameters)
    {
        if (!parameters.TryGetValue(Key, out var text) || text.Length == 0) return Off;
        if (ParamText.TryInt(text, out var decimals) && decimals is >= Off and <= 6) return (int)decimals;
        throw MilvusException.InvalidParameter($"{Key} [{text}] is invalid, should be -1 or an integer in range [0, 6]");
    }

    public static void Round(Span<float> scores, int decimals)
    {
        if (decimals == Off) return;
        // In single precision like the scores: what is shown as 0.1235 counts as a half although its exact value lies below.
        var factor = MathF.Pow(10, decimals);
        foreach (ref var s in scores)
            if (float.IsFinite(s * factor)) s = MathF.Round(s * factor, MidpointRounding.AwayFromZero) / factor;
    }
}
