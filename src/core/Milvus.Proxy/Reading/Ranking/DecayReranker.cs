using Milvus.Coordinator.Names;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Ranking;

/// <summary>Lets scores fall with the distance of a field's number from an origin. Rows without a number score 0.</summary>
internal sealed class DecayReranker : Reranker
{
    private readonly FieldSchema _field;
    private readonly DecayCurve _curve;

    private DecayReranker(FieldSchema field, DecayCurve curve)
    {
        _field = field;
        _curve = curve;
    }

    public static DecayReranker Parse(CollectionSchema schema, RankFunction function)
    {
        var field = InputField(schema, function);
        if (field.Type is DataType.Json or DataType.Array || field.Type.IsVector()) throw MilvusException.InvalidParameter($"unsupported field type: {field.Type.Spelled()}");
        if (!field.Type.IsNumeric()) throw MilvusException.InvalidParameter($"rerank_builder: decay input field {field.Name} must be numeric, got {field.Type.Spelled()}");
        var parameters = function.Params;
        var curve = DecayCurve.Parse(parameters);
        return new DecayReranker(field, curve) { Mode = ParseMode(parameters), NormalizeScores = ParamText.IsTrue(parameters.GetValueOrDefault("norm_score")) };
    }

    public override async Task<double[]> ScoreAsync(RowFetch rows, double[] scores, int[] counts, CancellationToken cancellation)
    {
        var values = await rows.FetchAsync(_field, cancellation).ConfigureAwait(false);
        var decayed = new double[scores.Length];
        for (var i = 0; i < decayed.Length; i++)
            if (!values.IsNull(i)) decayed[i] = scores[i] * _curve.At(ColumnNumbers.At(values, i));
        return decayed;
    }
}
