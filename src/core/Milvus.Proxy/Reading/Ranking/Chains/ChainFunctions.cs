using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Ranking.Chains;

/// <summary>What a map step computes.</summary>
internal abstract class ChainExpression
{
    public const string Decay = "decay";
    public const string Combine = "num_combine";
    public const string Round = "round_decimal";
    public const string Model = "rerank_model";

    protected ChainExpression(ImmutableArray<string> inputs) => Inputs = inputs;

    /// <summary>The columns that are read.</summary>
    public ImmutableArray<string> Inputs { get; }

    /// <summary>Values for all hits of the frame; those of hits that are not left may be anything.</summary>
    public abstract ValueTask<FrameColumn> EvaluateAsync(HitFrame frame, CancellationToken cancellation);

    /// <exception cref="MilvusException">1100: an unknown function, or one that does not fit its arguments, its parameters or the stage.</exception>
    public static ChainExpression Parse(ChainFunction function, ChainStage stage, int queries, IModelGateway models)
    {
        var name = function.Name.Trim();
        if (name.Length == 0) throw MilvusException.InvalidParameter("function chain: expr name is empty");
        if (name is not (Decay or Combine or Round or Model)) throw MilvusException.InvalidParameter($"function chain: unknown function {name}");
        var inputs = ImmutableArray.CreateBuilder<string>();
        for (var i = 0; i < function.Arguments.Length; i++)
        {
            if (function.Arguments[i].Column is not { } column) throw MilvusException.InvalidParameter($"{name}: literal expr arg[{i}] is not supported");
            if (string.IsNullOrWhiteSpace(column)) throw MilvusException.InvalidParameter($"{name}: column name is empty");
            inputs.Add(column.Trim());
        }
        if (name == Combine ? inputs.Count < 2 : inputs.Count != 1)
            throw MilvusException.InvalidParameter(name == Combine ? $"{name}: expected at least 2 inputs, got {inputs.Count}" : $"{name}: expected 1 input, got {inputs.Count}");
        return name switch
        {
            Decay => new DecayExpression(inputs.ToImmutable(), DecayCurve.Parse(Texts(function.Params))),
            Combine => CombineExpression.Parse(inputs.ToImmutable(), function.Params),
            Round => RoundExpression.Parse(inputs.ToImmutable(), function.Params),
            _ when stage != ChainStage.Level2Rerank => throw MilvusException.InvalidParameter($"function {name} is not runnable at stage {FunctionChainPlan.NameOf(stage)}"),
            _ => ModelExpression.Parse(inputs.ToImmutable(), function.Params, queries, models),
        };
    }

    protected static FrameColumn Numeric(HitFrame frame, string name, string function) =>
        frame[name] is { IsNumeric: true } column ? column : throw MilvusException.InvalidParameter($"{function}: input column {name} is not numeric");

    protected static ImmutableDictionary<string, string> Texts(ImmutableDictionary<string, Literal> parameters) =>
        parameters.ToImmutableDictionary(p => p.Key, p => p.Value.ToString()!);
}

/// <summary>The decay factor of a number, without the score; null stays null.</summary>
internal sealed class DecayExpression(ImmutableArray<string> inputs, DecayCurve curve) : ChainExpression(inputs)
{
    public override ValueTask<FrameColumn> EvaluateAsync(HitFrame frame, CancellationToken cancellation)
    {
        var column = Numeric(frame, Inputs[0], Decay);
        var values = new double?[frame.Count];
        for (var i = 0; i < values.Length; i++)
            if (column.Number(i) is { } number) values[i] = curve.At(number);
        return new(new FrameColumn(values));
    }
}

/// <summary>One number of several; null when one of them is.</summary>
internal sealed class CombineExpression : ChainExpression
{
    private readonly string _mode;
    private readonly double[] _weights;

    private CombineExpression(ImmutableArray<string> inputs, string mode, double[] weights)
        : base(inputs)
    {
        _mode = mode;
        _weights = weights;
    }

    public static CombineExpression Parse(ImmutableArray<string> inputs, ImmutableDictionary<string, Literal> parameters)
    {
        var mode = parameters.GetValueOrDefault("mode")?.ToString() ?? "multiply";
        if (mode is not ("multiply" or "sum" or "max" or "min" or "avg" or "weighted")) throw MilvusException.InvalidParameter($"num_combine: invalid mode {mode}");
        var weights = parameters.GetValueOrDefault("weights") is Literal.List list ? [.. list.Items.Select(Number)] : Array.Empty<double>();
        if (mode != "weighted") return new CombineExpression(inputs, mode, []);
        return weights.Length == inputs.Length
            ? new CombineExpression(inputs, mode, weights)
            : throw MilvusException.InvalidParameter($"num_combine: weights count {weights.Length} does not match inputs count {inputs.Length}");
    }

    public override ValueTask<FrameColumn> EvaluateAsync(HitFrame frame, CancellationToken cancellation)
    {
        var columns = Inputs.Select(i => Numeric(frame, i, Combine)).ToArray();
        var values = new double?[frame.Count];
        for (var i = 0; i < values.Length; i++)
        {
            double? result = null;
            for (var c = 0; c < columns.Length; c++)
            {
                if (columns[c].Number(i) is not { } number)
                {
                    result = null;
                    break;
                }
                if (_mode == "weighted") number *= _weights[c];
                result = result is not { } before ? number
                    : _mode switch
                    {
                        "multiply" => before * number,
                        "max" => Math.Max(before, number),
                        "min" => Math.Min(before, number),
                        _ => before + number,
                    };
            }
            values[i] = _mode == "avg" ? result / columns.Length : result;
        }
        return new(new FrameColumn(values));
    }

    private static double Number(Literal value) => value switch
    {
        Literal.Int i => i.Value,
        Literal.Float f => f.Value,
        _ => throw MilvusException.InvalidParameter($"num_combine: weight {value} is not a number"),
    };
}

/// <summary>A number rounded to some decimal places, halves away from zero.</summary>
internal sealed class RoundExpression : ChainExpression
{
    private const int MostDecimals = 6;
    private readonly int _decimals;

    private RoundExpression(ImmutableArray<string> inputs, int decimals)
        : base(inputs) => _decimals = decimals;

    public static RoundExpression Parse(ImmutableArray<string> inputs, ImmutableDictionary<string, Literal> parameters) =>
        parameters.GetValueOrDefault("decimal") is Literal.Int { Value: >= 0 and <= MostDecimals } decimals
            ? new RoundExpression(inputs, (int)decimals.Value)
            : throw MilvusException.InvalidParameter($"round_decimal: decimal must be an integer in [0, {MostDecimals}], got {parameters.GetValueOrDefault("decimal")?.ToString() ?? "nothing"}");

    public override ValueTask<FrameColumn> EvaluateAsync(HitFrame frame, CancellationToken cancellation)
    {
        var column = Numeric(frame, Inputs[0], Round);
        var values = new double?[frame.Count];
        for (var i = 0; i < values.Length; i++)
            if (column.Number(i) is { } number) values[i] = Math.Round(number, _decimals, MidpointRounding.AwayFromZero);
        return new(new FrameColumn(values));
    }
}

/// <summary>A model's score of a text against the hit's query; texts that are null are empty.</summary>
internal sealed class ModelExpression : ChainExpression
{
    private readonly ImmutableArray<string> _queries;
    private readonly ModelCall _call;
    private readonly IModelGateway _models;

    private ModelExpression(ImmutableArray<string> inputs, ImmutableArray<string> queries, ModelCall call, IModelGateway models)
        : base(inputs) => (_queries, _call, _models) = (queries, call, models);

    public static ModelExpression Parse(ImmutableArray<string> inputs, ImmutableDictionary<string, Literal> parameters, int queries, IModelGateway models)
    {
        ImmutableArray<string> texts = parameters.GetValueOrDefault("queries") is Literal.List list ? [.. list.Items.Select(i => i.ToString()!)] : [];
        if (texts.IsEmpty) throw MilvusException.InvalidParameter("rerank_model: queries is required");
        if (texts.Length != queries) throw MilvusException.InvalidParameter($"rerank_model: nq must equal to queries size, but got nq [{queries}], queries size [{texts.Length}]");
        var call = new ModelCall((parameters.GetValueOrDefault("provider")?.ToString() ?? "").ToLowerInvariant(), Texts(parameters.Remove("queries")));
        models.CheckReranker(call);
        return new ModelExpression(inputs, texts, call, models);
    }

    public override async ValueTask<FrameColumn> EvaluateAsync(HitFrame frame, CancellationToken cancellation)
    {
        var column = frame[Inputs[0]];
        if (column.IsNumeric) throw MilvusException.InvalidParameter($"rerank_model: input column {Inputs[0]} is not a text");
        var values = new double?[frame.Count];
        for (var query = 0; query < frame.Left.Length; query++)
        {
            var left = frame.Left[query];
            if (left.Length == 0) continue;
            var given = await _models.RerankAsync(_call, _queries[query], Array.ConvertAll(left, i => column.Text(i) ?? ""), cancellation).ConfigureAwait(false);
            for (var i = 0; i < left.Length; i++) values[left[i]] = given[i];
        }
        return new FrameColumn(values);
    }
}
