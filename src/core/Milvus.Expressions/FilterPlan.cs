using Milvus.Expressions.Planning;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>A compiled filter. Immutable; may be evaluated on many threads and segments at once.</summary>
public sealed class FilterPlan
{
    private readonly Predicate _written;
    private readonly FieldSchema? _partitionKey;

    internal FilterPlan(Predicate written, Predicate root, CollectionSchema schema, double? sampleRate, FilterSource source, ElementMatchLeaf? elements = null)
    {
        Elements = elements;
        _written = written;
        Source = source;
        _partitionKey = schema.PartitionKey;
        Root = root;
        SampleRate = sampleRate;
        IsAlwaysTrue = root is ConstantPredicate { Value: true } && sampleRate is null;
        IsAlwaysFalse = root is ConstantPredicate { Value: false };
        var fields = new List<long>();
        root.CollectFields(fields);
        FieldIds = fields;
        PrimaryKeys = KeyAnalysis.PrimaryKeys(root, schema.PrimaryKeyOrNull, sampleRate is not null);
        KeyRange = RangeAnalysis.Find(root, schema.PrimaryKeyOrNull, sampleRate is not null);
        if (_partitionKey is not null) PartitionKeyValues = KeyAnalysis.Values(root, _partitionKey.Id)?.Distinct().ToArray();
    }

    /// <summary>The filter of an empty expression.</summary>
    public static FilterPlan Everything(CollectionSchema schema) => new(ConstantPredicate.True, ConstantPredicate.True, schema, null, FilterSource.Everything);

    /// <summary>What the plan was compiled from, to be compiled again elsewhere.</summary>
    public FilterSource Source { get; }

    /// <summary>The filter keeps every row: it was empty or folded to true.</summary>
    public bool IsAlwaysTrue { get; }

    /// <summary>The filter keeps no row, whatever the data.</summary>
    public bool IsAlwaysFalse { get; }

    /// <summary>Columns the filter reads, without duplicates, in order of first use.</summary>
    public IReadOnlyList<long> FieldIds { get; }

    /// <summary>Set when the filter is, or implies, <c>primary key in {…}</c>.</summary>
    public PrimaryKeyLookup? PrimaryKeys { get; }

    /// <summary>Set when the filter bounds the primary key by a range.</summary>
    public PrimaryKeyRange? KeyRange { get; }

    /// <summary>
    /// Distinct values of the partition key outside of which the filter is never true; null when it does not narrow the key, none when it
    /// is never true.
    /// </summary>
    public IReadOnlyList<Literal>? PartitionKeyValues { get; }

    /// <summary>The factor of random_sample, null without it.</summary>
    public double? SampleRate { get; }

    /// <summary>The struct that element_filter looks at, null without it.</summary>
    public string? ElementFilterStruct => Elements?.StructName;

    /// <summary>The fields that element_filter reads, whose lists have the lengths of the struct's; empty without it.</summary>
    public IReadOnlyList<long> ElementFilterFieldIds
    {
        get
        {
            var fields = new List<long>();
            Elements?.CollectFields(fields);
            return fields;
        }
    }

    /// <summary>What element_filter asks of elements; the tree holds it as match_any.</summary>
    internal ElementMatchLeaf? Elements { get; }

    internal long SampleSeed => Source.SampleSeed;

    /// <summary>The normalized filter.</summary>
    internal Predicate Root { get; }

    /// <summary>Checks the rule that <c>partitionkey.isolation</c> sets for searches: <c>key == value</c> is a conjunct and the only use of the key.</summary>
    /// <exception cref="MilvusException">1100, naming what is not supported or that the key is missing.</exception>
    public void EnsurePartitionKeyIsolation()
    {
        if (_partitionKey is null) return;
        if (PartitionKeyIsolation.Violation(_written, _partitionKey.Id) is { } problem) throw MilvusException.InvalidParameter(problem);
    }

    /// <summary>The plan as text, for logs and tests.</summary>
    public string Explain() => SampleRate is { } rate
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Root} sample {rate}")
        : Root.ToString();
}
