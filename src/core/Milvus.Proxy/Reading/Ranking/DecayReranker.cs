using System.Collections.Immutable;
using System.Globalization;
using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Ranking;

/// <summary>
/// Lets scores fall with the distance of a number from an origin: by a Gauss curve, exponentially or linearly. At the distance <c>offset + scale</c> a score
/// has fallen to <c>decay</c> of itself. Rows without a number score 0.
/// </summary>
internal sealed class DecayReranker : Reranker
{
    private readonly FieldSchema _field;
    private readonly Func<double, double> _factor;
    private readonly double _origin;
    private readonly double _offset;

    private DecayReranker(FieldSchema field, double origin, double offset, Func<double, double> factor)
    {
        _field = field;
        _origin = origin;
        _offset = offset;
        _factor = factor;
    }

    public static DecayReranker Parse(CollectionSchema schema, RankFunction function)
    {
        var field = InputField(schema, function);
        if (field.Type is DataType.Json or DataType.Array || field.Type.IsVector()) throw MilvusException.InvalidParameter($"unsupported field type: {field.Type.Spelled()}");
        if (!field.Type.IsNumeric()) throw MilvusException.InvalidParameter($"rerank_builder: decay input field {field.Name} must be numeric, got {field.Type.Spelled()}");
        var parameters = function.Params;
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
        return new DecayReranker(field, origin, offset, factor) { Mode = ParseMode(parameters), NormalizeScores = ParamText.IsTrue(parameters.GetValueOrDefault("norm_score")) };
    }

    public override async Task<double[]> ScoreAsync(RowFetch rows, double[] scores, int[] counts, CancellationToken cancellation)
    {
        var values = await rows.FetchAsync(_field, cancellation).ConfigureAwait(false);
        var decayed = new double[scores.Length];
        for (var i = 0; i < decayed.Length; i++)
            if (!values.IsNull(i)) decayed[i] = scores[i] * _factor(Math.Max(0, Math.Abs(NumberAt(values, i) - _origin) - _offset));
        return decayed;
    }

    private static double NumberAt(Column column, int row) => column switch
    {
        FixedColumn<long> c => c.Values[row],
        FixedColumn<int> c => c.Values[row],
        FixedColumn<short> c => c.Values[row],
        FixedColumn<sbyte> c => c.Values[row],
        FixedColumn<float> c => c.Values[row],
        FixedColumn<double> c => c.Values[row],
        _ => throw new InvalidOperationException($"a column of {column.Type} has no numbers"),
    };

    private static double Number(ImmutableDictionary<string, string> parameters, string key, double? usual)
    {
        if (!parameters.TryGetValue(key, out var text) || text.Length == 0) return usual ?? throw Missing(key);
        return ParamText.TryNumber(text, out var value) ? value : throw MilvusException.InvalidParameter($"decay param {key}: {text} is not a number");
    }

    private static MilvusException Missing(string key) => new(ErrorCode.MissingParameter, $"decay {key} not specified: missing parameter") { IsInputError = true };
}
