using System.Collections.Immutable;

namespace Milvus.Model;

/// <summary>An index file of one field of one segment.</summary>
/// <param name="IndexId">The <see cref="IndexInfo.Id"/> it was built for; stale when that index is gone.</param>
/// <param name="Kind">What was built (HNSW, SPARSE_INVERTED …), which may differ from the type asked for.</param>
public sealed record SegmentIndexFile(long FieldId, long IndexId, string Kind, string ObjectKey, long Bytes)
{
    private static readonly System.Collections.Frozen.FrozenSet<string> ScalarKinds =
        System.Collections.Frozen.FrozenSet.Create(StringComparer.Ordinal, "INVERTED", "BITMAP", "STL_SORT", "Trie", "NGRAM", "RTREE");

    /// <summary>Over scalars; a JSON field may have several such, each on a path of its own.</summary>
    public bool IsScalar => ScalarKinds.Contains(Kind);

    /// <summary>A segment that gets the other one loses this one.</summary>
    public bool IsReplacedBy(SegmentIndexFile other) => FieldId == other.FieldId && (IndexId == other.IndexId || !IsScalar || !other.IsScalar);
}

/// <summary>A column file of one field of one segment.</summary>
public sealed record SegmentColumnFile(long FieldId, string ObjectKey, long Bytes);

/// <summary>
/// A sealed segment as committed to the meta store: which objects make it up. Immutable; index builds and compaction commit a new one.
/// </summary>
public sealed record SegmentManifest
{
    public required long SegmentId { get; init; }

    public required long CollectionId { get; init; }

    public required long PartitionId { get; init; }

    public required int Shard { get; init; }

    public required int RowCount { get; init; }

    public required Timestamp MinTimestamp { get; init; }

    public required Timestamp MaxTimestamp { get; init; }

    /// <summary>Every delete at or before this timestamp is folded in: its rows are not in the files.</summary>
    public required Timestamp DeletesAppliedTo { get; init; }

    public ImmutableArray<SegmentColumnFile> Columns { get; init; } = [];

    public ImmutableArray<SegmentIndexFile> Indexes { get; init; } = [];

    /// <summary>Segments that compaction merged into this one.</summary>
    public ImmutableArray<long> CompactedFrom { get; init; } = [];

    /// <summary>
    /// Outputs of functions, by field id, that only some rows have: the others were written before the function was there. Outputs without a
    /// column file no row has.
    /// </summary>
    public ImmutableArray<long> Incomplete { get; init; } = [];

    /// <summary>The external files whose rows these are, each with a mark of its content and of what was read of it; empty for rows that were written.</summary>
    public ImmutableArray<string> Sources { get; init; } = [];

    /// <summary>True when rows lack outputs of the schema's functions, and so are not found by them.</summary>
    public bool LacksOutputs(CollectionSchema schema) => RowCount > 0 && schema.Fields.Any(f => f.IsFunctionOutput && LacksOutput(f.Id));

    /// <summary>True when some of the outputs that rows lack have to be asked of a model, which may take long or be out of reach.</summary>
    public bool LacksModelOutputs(CollectionSchema schema) => RowCount > 0
        && schema.Fields.Any(f => f.IsFunctionOutput && LacksOutput(f.Id) && schema.FunctionOf(f) is { Type: FunctionType.TextEmbedding });

    /// <summary>True when rows lack a value of the field, the output of a function.</summary>
    public bool LacksOutput(long fieldId) => Incomplete.Contains(fieldId) || !Columns.Any(c => c.FieldId == fieldId);

    /// <summary>The same segment with an index file, in place of those that it replaces.</summary>
    public SegmentManifest WithIndex(SegmentIndexFile file) => this with { Indexes = Indexes.RemoveAll(i => i.IsReplacedBy(file)).Add(file) };

    public long TotalBytes => Columns.Sum(c => c.Bytes) + Indexes.Sum(i => i.Bytes);
}

/// <summary>Deletes of a channel written out of its log: (primary key, timestamp) pairs that apply to every older sealed row.</summary>
/// <param name="PartitionId">The only partition they apply to; 0 for all.</param>
public sealed record TombstoneFile(string ObjectKey, Timestamp MinTimestamp, Timestamp MaxTimestamp, int Count, long Bytes, long PartitionId = 0);

/// <summary>A segment whose rows are sealed although log records after the checkpoint still name it.</summary>
/// <param name="LastSequence">The last record with rows of the segment; once the checkpoint passes it the entry is dropped.</param>
public readonly record struct SealedExtent(long SegmentId, long LastSequence);

/// <summary>How far a channel's log has been folded into segments; the log is needed only after <see cref="LogSequence"/>.</summary>
public sealed record ChannelCheckpoint
{
    public required ShardId Shard { get; init; }

    /// <summary>Every record up to and including this one is in committed segments and tombstone files.</summary>
    public required long LogSequence { get; init; }

    public required Timestamp Timestamp { get; init; }

    public ImmutableArray<TombstoneFile> Tombstones { get; init; } = [];

    /// <summary>Replay skips the rows of these segments: they are already in committed files.</summary>
    public ImmutableArray<SealedExtent> Sealed { get; init; } = [];
}
