using Milvus.Expressions;
using Milvus.Model;
using Milvus.Text.Bm25;

namespace Milvus.Segments;

/// <summary>
/// Rows of one partition on one shard, as readers see them. Row numbers are positions inside the segment and never change. One
/// writer at a time appends and deletes; any number of readers read beside it without locks.
/// </summary>
/// <remarks>
/// A row is visible at T when it was inserted at or before T and not deleted at or before T. A reader asks for a T that the shard has
/// applied completely, so that it never meets half of a batch or of an upsert.
/// </remarks>
public abstract class Segment
{
    private CollectionSchema _schema;

    private protected Segment(long segmentId, long partitionId, CollectionSchema schema, TombstoneLog tombstones)
    {
        SegmentId = segmentId;
        PartitionId = partitionId;
        _schema = schema;
        Tombstones = tombstones;
    }

    public long SegmentId { get; }

    public long PartitionId { get; }

    /// <summary>
    /// May be newer than what is stored: a field that storage does not have reads as its default, else as null.
    /// </summary>
    public CollectionSchema Schema => Volatile.Read(ref _schema);

    /// <summary>The deletes of this segment's rows.</summary>
    public TombstoneLog Tombstones { get; }

    /// <summary>Rows published so far, deleted ones included.</summary>
    public abstract int RowCount { get; }

    public int BlockCount => (RowCount + ColumnLimits.BlockRows - 1) >> ColumnLimits.BlockShift;

    /// <summary>The oldest insert timestamp, zero without rows.</summary>
    public Timestamp MinTimestamp => Inserts.Min;

    /// <summary>The newest insert timestamp, zero without rows.</summary>
    public Timestamp MaxTimestamp => Inserts.Max;

    /// <summary>True when rows can no longer be added.</summary>
    public abstract bool IsSealed { get; }

    /// <summary>Bytes of memory held for this segment, indexes included.</summary>
    public abstract long MemoryBytes { get; }

    /// <summary>True when rows lack a value of the field, the output of a function, as those written before the function was there do.</summary>
    public abstract bool LacksOutput(FieldSchema field);

    internal abstract TimestampRuns Inserts { get; }

    /// <summary>
    /// The rows by primary key: of a sealed segment all, of a growing one most of the first <paramref name="rowCount"/>, possibly some behind
    /// them; rows from its count on are not in it.
    /// </summary>
    internal abstract PrimaryKeyOrder OrderByKey(int rowCount);

    /// <summary>The vectors of a dense vector field; null when storage does not have the field.</summary>
    internal abstract DenseVectors? FindVectors(long fieldId);

    /// <summary>The lists of vectors of a field; null when storage does not have the field.</summary>
    internal abstract VectorArrays? FindVectorArrays(long fieldId);

    /// <summary>The vectors of a sparse vector field; null when storage does not have the field.</summary>
    internal abstract SparseVectors? FindSparse(long fieldId);

    /// <summary>Statistics of a block of a scalar field, where known.</summary>
    internal abstract ColumnStatistics? StatisticsOf(long fieldId, int block);

    /// <summary>
    /// The first rows of a block as a column, <paramref name="rowCount"/> being the reader's row count of the whole segment. Dense and
    /// sparse vectors are copied, scalars are shared.
    /// </summary>
    public abstract Column ReadBlock(FieldSchema field, int block, int rowCount);

    /// <summary>Values of the given rows in the given order.</summary>
    /// <exception cref="MilvusException">The schema has no such field.</exception>
    public Column Fetch(long fieldId, ReadOnlySpan<int> rows) => Fetch(FieldOf(fieldId), rows);

    /// <summary>As the other overload. The field may be newer than the segment's schema.</summary>
    public abstract Column Fetch(FieldSchema field, ReadOnlySpan<int> rows);

    public PrimaryKeys PrimaryKeysOf(ReadOnlySpan<int> rows) => new(Fetch(Schema.PrimaryKey, rows));

    /// <summary>
    /// Term statistics of a field that a BM25 function fills, deleted rows included; null for other fields and for segments that do not
    /// store the field.
    /// </summary>
    public abstract IBm25Statistics? Bm25StatisticsOf(long fieldId);

    /// <summary>When a row was inserted.</summary>
    public Timestamp TimestampOf(int row) => Inserts[row];

    /// <summary>The rows with any of the keys, visible or not, below <paramref name="rowCount"/>; in no order, without duplicates if the keys have none.</summary>
    public abstract void FindRows(PrimaryKeys keys, int rowCount, List<int> rows);

    /// <summary>
    /// Deletes the rows with these keys that were inserted before <paramref name="at"/>. For the writer.
    /// </summary>
    /// <returns>Rows that had not been deleted before.</returns>
    public int Delete(PrimaryKeys keys, Timestamp at)
    {
        var times = new Timestamp[keys.Count];
        times.AsSpan().Fill(at);
        return Delete(new TombstoneBatch(keys, times));
    }

    /// <summary>Deletes, for every key, the rows inserted before the key's timestamp. Cheapest in timestamp order. For the writer.</summary>
    public abstract int Delete(TombstoneBatch deletes);

    /// <summary>The deletes of this segment later than <paramref name="after"/>, to be applied to the segment that replaces it.</summary>
    public TombstoneBatch DeletesSince(Timestamp after)
    {
        var (rows, times) = Tombstones.Since(after);
        return new TombstoneBatch(PrimaryKeysOf(rows), times);
    }

    /// <summary>Rows visible at a moment, counted without looking at them where possible.</summary>
    public int CountVisible(ReadPoint at)
    {
        var inserts = Inserts;
        if (at.ExpireBefore <= inserts.Min && inserts.TryPrefix(at.ReadAt, out var inserted))
            return inserted - Tombstones.CountAt(at.ReadAt);
        return VisibleRows(at, new SegmentScratch()).Count();
    }

    /// <summary>The rows visible at a moment. Bits may live in <paramref name="scratch"/> until its next use.</summary>
    public RowSet VisibleRows(ReadPoint at, SegmentScratch scratch)
    {
        var inserts = Inserts;
        var isPrefix = inserts.TryPrefix(at.ReadAt, out var rows);
        if (rows == 0) return RowSet.None;
        var live = Tombstones.LiveRows(at.ReadAt, rows);
        if (isPrefix && at.ExpireBefore <= inserts.Min) return new RowSet(rows, live);

        var words = scratch.Words(rows);
        RowBits.FillPrefix(words, rows);
        if (live is not null) RowBits.And(words.AsSpan(0, Validity.WordCount(rows)), live);
        inserts.ClearOutside(at.ExpireBefore, at.ReadAt, rows, words);
        return new RowSet(rows, words);
    }

    /// <summary>This segment's columns for filters, as of <paramref name="rowCount"/> rows.</summary>
    public IColumnBlocks Columns(int rowCount) => new SegmentColumns(this, rowCount);

    /// <summary>Makes a newer schema known. For the writer.</summary>
    public void UseSchema(CollectionSchema schema) => Volatile.Write(ref _schema, schema);

    private protected FieldSchema FieldOf(long fieldId) => Schema.Find(fieldId)
        ?? throw new MilvusException(ErrorCode.FieldNotFound, $"field not found[field={fieldId}]");
}
