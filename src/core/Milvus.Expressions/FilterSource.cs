using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>
/// What a filter is compiled from, apart from the schema and the analyzers, which every node knows. Equal sources give equal plans, on
/// whatever node; <see cref="FilterSourceCodec"/> is its binary form. Immutable, with value equality.
/// </summary>
public sealed record FilterSource
{
    /// <summary>The filter that keeps every row.</summary>
    public static readonly FilterSource Everything = new() { Expression = "" };

    /// <summary>The text as the client gave it.</summary>
    public required string Expression { get; init; }

    /// <summary>Values of <c>{name}</c>; those that do not occur are ignored.</summary>
    public ImmutableDictionary<string, Literal> Templates { get; init; } = ImmutableDictionary<string, Literal>.Empty;

    public FilterUse Use { get; init; }

    /// <summary>Decides which rows random_sample keeps.</summary>
    public long SampleSeed { get; init; }

    /// <summary>IANA name of the zone of time literals without an offset.</summary>
    public string TimeZone { get; init; } = "UTC";

    public bool Equals(FilterSource? other) =>
        other is not null && Expression == other.Expression && Use == other.Use && SampleSeed == other.SampleSeed && TimeZone == other.TimeZone
        && Templates.Count == other.Templates.Count
        && Templates.All(t => other.Templates.TryGetValue(t.Key, out var value) && value.Equals(t.Value));

    // Templates may be long lists; texts that differ in nothing else are rare.
    public override int GetHashCode() => HashCode.Combine(Expression, Use, SampleSeed, TimeZone, Templates.Count);
}
