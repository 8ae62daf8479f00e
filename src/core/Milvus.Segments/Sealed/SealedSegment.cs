using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Expressions.Indexes;
using Milvus.Model;
using Milvus.Storage.Objects;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>An index in use, and the file it came from: dense, sparse or scalar, one of them.</summary>
public sealed record AttachedIndex(SegmentIndexFile File, VectorIndex? Dense, SparseInvertedIndex? Sparse)
{
    public ScalarIndex? Scalar { get; init; }

    public long MemoryBytes => (Dense?.MemoryBytes ?? 0) + (Sparse?.MemoryBytes ?? 0) + (Scalar?.MemoryBytes ?? 0);

    public long FileBytes => (Dense?.FileBytes ?? 0) + (Sparse?.FileBytes ?? 0);
}

/// <summary>
/// A segment whose rows no longer change: columns in memory as read from object storage. Only its tombstones grow, written by one
/// writer at a time. Attaching an index gives a new instance over the same data and the same tombstones.
/// </summary>
public sealed class SealedSegment : Segment
{
    private readonly SealedData _data;

    internal SealedSegment(SegmentManifest manifest, CollectionSchema schema, SealedData data, TombstoneLog tombstones, ImmutableArray<AttachedIndex> indexes)
        : base(manifest.SegmentId, manifest.PartitionId, schema, tombstones)
    {
        Manifest = manifest;
        _data = data;
        Indexes = indexes;
    }

    /// <summary>What of it is in memory.</summary>
    public SegmentPlacement Placement => _data.Placement;

    /// <summary>What the meta store says of the segment, the attached indexes included.</summary>
    public SegmentManifest Manifest { get; }

    public ImmutableArray<AttachedIndex> Indexes { get; }

    public override int RowCount => _data.RowCount;

    public override bool LacksOutput(FieldSchema field) => RowCount > 0 && Manifest.LacksOutput(field.Id);

    public override bool IsSealed => true;

    public override long MemoryBytes
    {
        get
        {
            var bytes = _data.MemoryBytes + Tombstones.MemoryBytes;
            foreach (var index in Indexes) bytes += index.MemoryBytes;
            return bytes;
        }
    }

    /// <summary>
    /// Memory, and files that it maps or reads: what the collection of garbage gives back once nobody refers to the segment any more. Files that were deleted
    /// before that take room on the disk until then.
    /// </summary>
    public long HeldBytes
    {
        get
        {
            var bytes = MemoryBytes + _data.FileBytes;
            foreach (var index in Indexes) bytes += index.FileBytes;
            return bytes;
        }
    }

    internal override TimestampRuns Inserts => _data.Inserts;

    internal PrimaryKeyOrder KeyOrder => _data.Keys;

    internal override PrimaryKeyOrder OrderByKey(int rowCount) => _data.Keys;

    /// <summary>Reads a segment and its indexes into memory, every byte checked.</summary>
    /// <exception cref="IntegrityException">An object is missing or damaged; names it.</exception>
    public static Task<SealedSegment> LoadAsync(SegmentManifest manifest, CollectionSchema schema, IObjectStore store, CancellationToken cancellationToken = default) =>
        SegmentLoader.LoadAsync(manifest, schema, store, SegmentPlacement.InMemory, cancellationToken);

    /// <summary>As the other overload, with what the placement says left in files.</summary>
    public static Task<SealedSegment> LoadAsync(
        SegmentManifest manifest, CollectionSchema schema, IObjectStore store, SegmentPlacement placement, CancellationToken cancellationToken = default) =>
        SegmentLoader.LoadAsync(manifest, schema, store, placement, cancellationToken);

    /// <summary>Bytes that loading the segment will take, within a few per cent; for budgets.</summary>
    public static long EstimateMemory(SegmentManifest manifest, CollectionSchema schema, SegmentPlacement? placement = null) =>
        SegmentLoader.EstimateMemory(manifest, schema, placement ?? SegmentPlacement.InMemory);

    /// <summary>The same segment with an index on a field, in place of the one it may have had there.</summary>
    public SealedSegment WithIndex(SegmentIndexFile file, VectorIndex index) => WithIndex(new AttachedIndex(file, index, null));

    /// <summary>As the other overload, on a sparse field.</summary>
    public SealedSegment WithIndex(SegmentIndexFile file, SparseInvertedIndex index) => WithIndex(new AttachedIndex(file, null, index));

    /// <summary>As the other overloads, on a scalar field.</summary>
    public SealedSegment WithIndex(SegmentIndexFile file, ScalarIndex index) => WithIndex(new AttachedIndex(file, null, null) { Scalar = index });

    /// <summary>As the other overloads, with an index that another instance of this segment has, or had built.</summary>
    public SealedSegment WithIndex(AttachedIndex index)
    {
        var indexes = Indexes.RemoveAll(i => i.File.IsReplacedBy(index.File)).Add(index);
        if (index.Sparse is not null) FindSparse(index.File.FieldId)?.Chunks.Clear();
        if (index.Dense is not null) _data.SettleVectors(indexes);
        return new SealedSegment(Manifest.WithIndex(index.File), Schema, _data, Tombstones, indexes);
    }

    /// <summary>The same segment with an index read from storage, in place of the one it may have on the field.</summary>
    /// <exception cref="IntegrityException">The index is missing or damaged, or not of this segment; names it.</exception>
    public async Task<SealedSegment> WithStoredIndexAsync(SegmentIndexFile file, IObjectStore store, CancellationToken cancellationToken = default) =>
        await SegmentLoader.LoadIndexAsync(file, _data, store, cancellationToken).ConfigureAwait(false) is { } index ? WithIndex(index) : this;

    /// <summary>The same segment without the indexes on a field.</summary>
    public SealedSegment WithoutIndex(long fieldId) => Without(i => i.FieldId == fieldId);

    /// <summary>The same segment without one index.</summary>
    public SealedSegment WithoutIndex(SegmentIndexFile file) => Without(i => i == file);

    /// <summary>True when the index of this very file is attached.</summary>
    public bool HasIndex(SegmentIndexFile file) => FindIndex(file) is not null;

    /// <summary>The index of this very file, or null.</summary>
    public AttachedIndex? FindIndex(SegmentIndexFile file)
    {
        foreach (var index in Indexes)
            if (index.File == file) return index;
        return null;
    }

    /// <summary>The index on a field, or null.</summary>
    public AttachedIndex? FindIndex(long fieldId)
    {
        foreach (var index in Indexes)
            if (index.File.FieldId == fieldId) return index;
        return null;
    }

    /// <summary>The scalar indexes on a field; a JSON field may have several.</summary>
    public IReadOnlyList<ScalarIndex> ScalarIndexesOf(long fieldId)
    {
        List<ScalarIndex>? found = null;
        foreach (var index in Indexes)
            if (index.File.FieldId == fieldId && index.Scalar is { } scalar) (found ??= []).Add(scalar);
        return found ?? (IReadOnlyList<ScalarIndex>)[];
    }

    /// <summary>The terms of a field with enable_match, analysed when they are first asked for; null for other fields and for few rows.</summary>
    public ScalarIndex? TextIndexOf(long fieldId) => Schema.Find(fieldId) is { EnableMatch: true } field ? _data.Texts.Of(field, _data) : null;

    /// <summary>Fields with enable_match whose texts were not analysed yet, or whose terms are to be stored and are not.</summary>
    public IEnumerable<FieldSchema> ColdTexts() => Schema.Fields.Where(f => f.EnableMatch && _data.Texts.IsCold(f, _data, StoredTexts.AreKept(FileOf(f))));

    /// <summary>Bytes of the terms of fields with enable_match that are analysed by now.</summary>
    public long TextBytes => _data.Texts.MemoryBytes;

    /// <summary>About what analysing a field's texts will take: their terms and where they are come to about what the texts themselves do.</summary>
    public long EstimateTextBytes(FieldSchema field) => FileOf(field)?.Bytes ?? 0;

    private SegmentColumnFile? FileOf(FieldSchema field) => Manifest.Columns.FirstOrDefault(c => c.FieldId == field.Id);

    /// <summary>
    /// Has the terms of fields ready before a filter asks for them: read from beside the segment's files, where an earlier call left them, or else made of the
    /// texts, which takes seconds for millions of words, and left there.
    /// </summary>
    /// <param name="store">Where the segment is.</param>
    /// <param name="isWanted">Which fields; null for all with enable_match.</param>
    /// <returns>What went wrong with stored terms, if anything did; those of the segment are ready all the same.</returns>
    public async Task<Exception?> WarmTextsAsync(IObjectStore store, Func<FieldSchema, bool>? isWanted = null, CancellationToken cancellation = default)
    {
        Exception? problem = null;
        foreach (var field in ColdTexts())
        {
            cancellation.ThrowIfCancellationRequested();
            if (isWanted is not null && !isWanted(field)) continue;
            problem = await StoredTexts.WarmAsync(field, _data, FileOf(field), store, cancellation).ConfigureAwait(false) ?? problem;
        }
        return problem;
    }

    private SealedSegment Without(Predicate<SegmentIndexFile> left) => new(
        Manifest with { Indexes = Manifest.Indexes.RemoveAll(left) },
        Schema,
        _data,
        Tombstones,
        Indexes.RemoveAll(i => left(i.File)));

    public override int Delete(TombstoneBatch deletes)
    {
        if (RowCount == 0) return 0;
        deletes = deletes.InTimeOrder();
        var rows = new List<int>();
        var times = new List<Timestamp>();
        for (var i = 0; i < deletes.Count; i++)
        {
            if (deletes.Times[i] <= MinTimestamp) continue;
            var (start, end) = KeyOrder.Find(deletes.Keys, i);
            for (var position = start; position < end; position++)
            {
                var row = KeyOrder.RowAt(position);
                if (Inserts[row] >= deletes.Times[i]) continue;
                rows.Add(row);
                times.Add(deletes.Times[i]);
            }
        }
        return Tombstones.Append(CollectionsMarshal.AsSpan(rows), CollectionsMarshal.AsSpan(times));
    }

    public override void FindRows(PrimaryKeys keys, int rowCount, List<int> rows)
    {
        for (var i = 0; i < keys.Count; i++)
        {
            var (start, end) = KeyOrder.Find(keys, i);
            for (var position = start; position < end; position++)
            {
                var row = KeyOrder.RowAt(position);
                if (row < rowCount) rows.Add(row);
            }
        }
    }

    public override Column ReadBlock(FieldSchema field, int block, int rowCount)
    {
        var rows = Math.Min(ColumnLimits.BlockRows, rowCount - (block << ColumnLimits.BlockShift));
        ArgumentOutOfRangeException.ThrowIfNegative(rows, nameof(block));
        var column = _data.Find(field.Id)?.Block(block);
        if (column is null) return MissingColumn.Create(field, rows);
        return column.Count == rows ? column : column.Slice(0, rows);
    }

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows) =>
        _data.Find(field.Id)?.Fetch(field, rows) ?? MissingColumn.Create(field, rows.Length);

    internal override DenseVectors? FindVectors(long fieldId) => (_data.Find(fieldId) as SealedVectorField)?.Vectors;

    internal override VectorArrays? FindVectorArrays(long fieldId) => (_data.Find(fieldId) as SealedVectorArrayField)?.Vectors;

    internal override SparseVectors? FindSparse(long fieldId) => (_data.Find(fieldId) as SealedSparseField)?.Vectors;

    public override IBm25Statistics? Bm25StatisticsOf(long fieldId) => (_data.Find(fieldId) as SealedSparseField)?.Statistics;

    internal override ColumnStatistics? StatisticsOf(long fieldId, int block) => (_data.Find(fieldId) as SealedScalarField)?.Statistics(block);
}
