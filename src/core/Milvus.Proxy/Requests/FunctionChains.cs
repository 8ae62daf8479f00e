using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>When a chain runs. The values are those of the wire contract.</summary>
public enum ChainStage
{
    Unspecified = 0,
    Ingestion = 1,
    PreProcess = 2,

    /// <summary>Over what the segments found.</summary>
    Level0Rerank = 3,

    /// <summary>Over what a node found.</summary>
    Level1Rerank = 4,

    /// <summary>Over the whole result.</summary>
    Level2Rerank = 5,
    PostProcess = 6,
}

/// <summary>An ordered list of steps that score, sort and cut the hits of a search.</summary>
public sealed record FunctionChain(string Name, ChainStage Stage, ImmutableArray<ChainStep> Steps);

/// <param name="Operator">map, sort, limit, filter, select or group_by.</param>
/// <param name="Function">What map computes or filter goes by; null for the others.</param>
/// <param name="Inputs">Columns that an operator without a function reads.</param>
/// <param name="Outputs">Columns that the step writes; <c>$score</c> is the hit's score.</param>
public sealed record ChainStep(
    string Operator, ChainFunction? Function, ImmutableArray<string> Inputs, ImmutableArray<string> Outputs, ImmutableDictionary<string, Literal> Params);

/// <summary>decay, num_combine, round_decimal or rerank_model of some columns.</summary>
public sealed record ChainFunction(string Name, ImmutableArray<ChainArgument> Arguments, ImmutableDictionary<string, Literal> Params);

/// <summary>A column, or a constant.</summary>
/// <param name="Column">Null for a constant.</param>
/// <param name="Value">Null for a column.</param>
public sealed record ChainArgument(string? Column, Literal? Value);
