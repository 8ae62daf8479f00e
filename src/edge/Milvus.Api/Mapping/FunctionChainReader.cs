using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;
using Milvus.Protocol.Schema;
using Milvus.Proxy;
using FunctionChain = Milvus.Proxy.FunctionChain;
using WireChain = Milvus.Protocol.Schema.FunctionChain;

namespace Milvus.Api.Mapping;

/// <summary>Reads function chains, from messages and from JSON.</summary>
internal static class FunctionChainReader
{
    /// <exception cref="MilvusException">1100: a value that no function takes.</exception>
    public static ImmutableArray<FunctionChain> Read(IEnumerable<WireChain> wire) =>
        [.. wire.Select(c => new FunctionChain(c.Name, (ChainStage)(int)c.Stage, [.. c.Ops.Select(Read)]))];

    /// <summary>As JSON: <c>[{name, stage, ops: [{op, expr: {name, args: [{column} or {literal}], params}, inputs, outputs, params}]}]</c>.</summary>
    /// <exception cref="MilvusException">1100: another shape.</exception>
    public static ImmutableArray<FunctionChain> Read(JsonElement json)
    {
        try
        {
            if (json.ValueKind == JsonValueKind.Object) return [ReadChain(json)];
            return [.. json.EnumerateArray().Select(ReadChain)];
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw MilvusException.InvalidParameter($"failed to parse functionChains: {e.Message}");
        }
    }

    private static ChainStep Read(FunctionChainOp wire)
    {
        var function = wire.Expr is { } e ? new ChainFunction(e.Name, [.. e.Args.Select(Read)], Read(e.Params)) : null;
        return new ChainStep(wire.Op, function, [.. wire.Inputs], [.. wire.Outputs], Read(wire.Params));
    }

    private static ChainArgument Read(FunctionChainExprArg wire) => wire.ArgCase switch
    {
        FunctionChainExprArg.ArgOneofCase.Column => new ChainArgument(wire.Column.Name, null),
        FunctionChainExprArg.ArgOneofCase.Literal => new ChainArgument(null, Read(wire.Literal)),
        _ => throw MilvusException.InvalidParameter("function chain expr arg is unset"),
    };

    private static ImmutableDictionary<string, Literal> Read(IEnumerable<KeyValuePair<string, FunctionParamValue>> wire) =>
        wire.ToImmutableDictionary(p => p.Key, p => Read(p.Value));

    private static Literal Read(FunctionParamValue wire) => wire.ValueCase switch
    {
        FunctionParamValue.ValueOneofCase.BoolValue => new Literal.Bool(wire.BoolValue),
        FunctionParamValue.ValueOneofCase.Int64Value => new Literal.Int(wire.Int64Value),
        FunctionParamValue.ValueOneofCase.DoubleValue => new Literal.Float(wire.DoubleValue),
        FunctionParamValue.ValueOneofCase.StringValue => new Literal.Text(wire.StringValue),
        FunctionParamValue.ValueOneofCase.ArrayValue => new Literal.List([.. wire.ArrayValue.Values.Select(Read)]),
        var other => throw MilvusException.InvalidParameter($"function chain: a param value of kind {other} is not supported"),
    };

    private static FunctionChain ReadChain(JsonElement json) => new(
        Text(json, "name"), ReadStage(json), [.. Items(json, "ops").Select(ReadStep)]);

    private static ChainStep ReadStep(JsonElement json)
    {
        var function = json.TryGetProperty("expr", out var e) && e.ValueKind == JsonValueKind.Object
            ? new ChainFunction(Text(e, "name"), [.. Items(e, "args").Select(ReadArgument)], ReadParams(e))
            : null;
        return new ChainStep(Text(json, "op"), function, Texts(json, "inputs"), Texts(json, "outputs"), ReadParams(json));
    }

    private static ChainArgument ReadArgument(JsonElement json)
    {
        if (json.TryGetProperty("literal", out var literal)) return new ChainArgument(null, ReadValue(literal));
        var column = json.GetProperty("column");
        return new ChainArgument(column.ValueKind == JsonValueKind.Object ? Text(column, "name") : Text(column), null);
    }

    // A number, or a name in any of the forms that clients use: L2_rerank, L2Rerank, FunctionChainStageL2Rerank.
    private static ChainStage ReadStage(JsonElement json)
    {
        if (!json.TryGetProperty("stage", out var stage) || stage.ValueKind == JsonValueKind.Null) return ChainStage.Unspecified;
        if (stage.ValueKind == JsonValueKind.Number) return (ChainStage)stage.GetInt32();
        var name = Text(stage).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        if (name.StartsWith("functionchainstage", StringComparison.Ordinal)) name = name["functionchainstage".Length..];
        return name switch
        {
            "l0rerank" => ChainStage.Level0Rerank,
            "l1rerank" => ChainStage.Level1Rerank,
            "l2rerank" => ChainStage.Level2Rerank,
            "ingestion" => ChainStage.Ingestion,
            "preprocess" => ChainStage.PreProcess,
            "postprocess" => ChainStage.PostProcess,
            _ => ChainStage.Unspecified,
        };
    }

    // Of members with the same name the last one counts, as everywhere in JSON.
    private static ImmutableDictionary<string, Literal> ReadParams(JsonElement owner)
    {
        if (!owner.TryGetProperty("params", out var given) || given.ValueKind != JsonValueKind.Object) return ImmutableDictionary<string, Literal>.Empty;
        var read = ImmutableDictionary.CreateBuilder<string, Literal>();
        foreach (var member in given.EnumerateObject()) read[member.Name] = ReadValue(member.Value);
        return read.ToImmutable();
    }

    private static Literal ReadValue(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => new Literal.Bool(json.GetBoolean()),
        JsonValueKind.Number => json.TryGetInt64(out var integer) ? new Literal.Int(integer) : new Literal.Float(json.GetDouble()),
        JsonValueKind.String => new Literal.Text(json.GetString()!),
        JsonValueKind.Array => new Literal.List([.. json.EnumerateArray().Select(ReadValue)]),
        _ => throw MilvusException.InvalidParameter($"function chain: a param value of kind {json.ValueKind} is not supported"),
    };

    private static string Text(JsonElement owner, string name) => owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Text(JsonElement value) => value.GetString() ?? throw new FormatException("null stands where a name is wanted");

    private static IEnumerable<JsonElement> Items(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    private static ImmutableArray<string> Texts(JsonElement owner, string name) => [.. Items(owner, name).Select(Text)];
}
