using System.Collections.Immutable;
using Milvus.Expressions.Json;
using Milvus.Expressions.Matching;
using Milvus.Expressions.Predicates;

namespace Milvus.Expressions.Indexes.Queries;

/// <summary>A set of keys of an index, described by what they have in common.</summary>
internal abstract record KeyQuery;

/// <summary>Numbers between two bounds, both included; of floating-point columns in the form of <see cref="Keys.OrderedDouble"/>.</summary>
internal sealed record NumberRange(long Low, long High) : KeyQuery;

/// <summary>Numbers of a list, in the form of the keys.</summary>
internal sealed record NumberSet(long[] Values) : KeyQuery;

/// <summary>JSON numbers between two bounds, either of which may be absent.</summary>
internal sealed record JsonNumberRange(JsonNumber? Low, bool LowInclusive, JsonNumber? High, bool HighInclusive) : KeyQuery;

internal sealed record TextRange(TextInterval Interval) : KeyQuery;

internal sealed record TextSetQuery(byte[][] Values) : KeyQuery;

/// <summary>Texts that pass a test; every key with the test's prefix is looked at.</summary>
internal sealed record TextPattern(TextTest Test) : KeyQuery;

/// <summary>What a test asks of an index: the rows with a key of every part, or of the only part.</summary>
/// <param name="Parts">At least one.</param>
internal sealed record IndexQuery(ImmutableArray<KeyQuery> Parts)
{
    public IndexQuery(KeyQuery part)
        : this([part])
    {
    }

    /// <summary>The keys are the elements of arrays, not whole values.</summary>
    public bool OfElements { get; init; }

    /// <summary>The test is true for exactly those rows; otherwise for some of them.</summary>
    public bool IsExact { get; init; } = true;

    /// <summary>Rows whose arrays hold one of the values, or all of them; null when there is no part to ask for.</summary>
    public static IndexQuery? Elements<TValue>(IReadOnlyList<TValue> values, ContainsKind kind, Func<IReadOnlyList<TValue>, KeyQuery> query)
    {
        if (kind == ContainsKind.Any) return new IndexQuery(query(values)) { OfElements = true };
        return values.Count == 0 ? null : new IndexQuery([.. values.Select(v => query([v]))]) { OfElements = true };
    }
}
