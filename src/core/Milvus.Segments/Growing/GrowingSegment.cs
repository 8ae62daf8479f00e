using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Text.Bm25;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>
/// A segment that still takes rows. One writer at a time calls <see cref="Append"/>, <see cref="Segment.Delete(TombstoneBatch)"/>
/// and <see cref="Segment.UseSchema"/>; readers run beside it without locks and see whole batches only. An empty one costs a few hundred bytes.
/// </summary>
public sealed class GrowingSegment : Segment
{
    /// <summary>Rows behind the known key order that are sorted when asked for.</summary>
    private const int SmallTail = 1024;

    private const int TailShare = 8;

    private readonly TimestampRuns _inserts = new();
    private Fields? _fields;
    private PrimaryKeyOrder? _order;
    private ImmutableArray<long> _incomplete = [];
    private bool _isClosed;

    public GrowingSegment(long segmentId, long partitionId, CollectionSchema schema)
        : base(segmentId, partitionId, schema, new TombstoneLog())
    {
    }

    // Publishing the insert timestamps publishes the rows: it is the last thing an append does.
    public override int RowCount => _inserts.RowCount;

    public override bool IsSealed => false;

    /// <summary>True when no more rows will come: the segment is being written out.</summary>
    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>For the writer.</summary>
    public void Close() => Volatile.Write(ref _isClosed, true);

    public override long MemoryBytes => (Volatile.Read(ref _fields)?.MemoryBytes ?? 0) + _inserts.MemoryBytes + Tombstones.MemoryBytes + (Volatile.Read(ref _order)?.MemoryBytes ?? 0);

    /// <summary>True when rows lack outputs of the schema's functions.</summary>
    public bool LacksOutputs => Schema.Fields.Any(f => f.IsFunctionOutput && LacksOutput(f));

    public override bool LacksOutput(FieldSchema field) => RowCount > 0 && (_incomplete.Contains(field.Id) || Find(field.Id) is null);

    internal override TimestampRuns Inserts => _inserts;

    /// <summary>
    /// Adds rows inserted at <paramref name="at"/>, which is not older than any row before. Fields of the schema that the batch lacks
    /// become missing values.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The time goes back, the primary key is missing, or a column does not fit its field: nothing was added.
    /// </exception>
    public void Append(ColumnBatch batch, Timestamp at)
    {
        if (batch.RowCount == 0) return;
        var rowCount = RowCount;
        if (rowCount > 0 && at < _inserts.Max) throw new ArgumentException($"rows of {at} after rows of {_inserts.Max}", nameof(at));
        var keys = batch.Find(Schema.PrimaryKey.Id) ?? throw new ArgumentException("the batch has no primary key", nameof(batch));
        foreach (var field in Schema.Fields)
        {
            // Before anything is appended: fields of different length would be beyond repair.
            if (batch.Find(field.Id) is { } column && !field.Holds(column))
                throw new ArgumentException($"a column of {column.Type} does not fit field {field.Name} of {field.Type}", nameof(batch));
        }
        var fields = _fields;
        if (fields is null)
        {
            fields = new Fields(Schema);
            Volatile.Write(ref _fields, fields);
        }
        foreach (var field in Schema.Fields)
        {
            var given = batch.Find(field.Id);
            var isIncomplete = field.IsFunctionOutput && (given is null || (rowCount > 0 && fields.Find(field.Id) is null));
            if (isIncomplete && !_incomplete.Contains(field.Id)) _incomplete = _incomplete.Add(field.Id);
            fields.GetOrAdd(field, Schema, rowCount).Append(given ?? MissingColumn.Create(field, batch.RowCount));
        }
        fields.Keys.Append(new PrimaryKeys(keys), rowCount);
        _inserts.Append(at, batch.RowCount);
    }

    public override int Delete(TombstoneBatch deletes)
    {
        if (Volatile.Read(ref _fields) is not { } fields) return 0;
        deletes = deletes.InTimeOrder();
        var keys = fields.Keys;
        // Rows of a key are chained from new to old. When deletes come in time order, every row behind a deleted one is deleted too:
        // a key that is upserted again and again costs one step each time.
        var inOrder = deletes.Count > 0 && deletes.Times[0] >= Tombstones.Newest;
        var rows = new List<int>();
        var times = new List<Timestamp>();
        for (var i = 0; i < deletes.Count; i++)
        {
            for (var row = keys.LastRow(deletes.Keys, i); row != PrimaryKeyMap.None; row = keys.PreviousRow(row))
            {
                if (_inserts[row] >= deletes.Times[i]) continue;
                if (inOrder && Tombstones.IsMarked(row)) break;
                rows.Add(row);
                times.Add(deletes.Times[i]);
            }
        }
        return Tombstones.Append(CollectionsMarshal.AsSpan(rows), CollectionsMarshal.AsSpan(times));
    }

    public override void FindRows(PrimaryKeys keys, int rowCount, List<int> rows)
    {
        if (Volatile.Read(ref _fields) is not { } fields) return;
        var map = fields.Keys;
        for (var i = 0; i < keys.Count; i++)
        {
            for (var row = map.LastRow(keys, i); row != PrimaryKeyMap.None; row = map.PreviousRow(row))
                if (row < rowCount) rows.Add(row);
        }
    }

    public override Column ReadBlock(FieldSchema field, int block, int rowCount)
    {
        var rows = Math.Min(ColumnLimits.BlockRows, rowCount - (block << ColumnLimits.BlockShift));
        ArgumentOutOfRangeException.ThrowIfNegative(rows, nameof(block));
        return Find(field.Id)?.Block(block, rowCount) ?? MissingColumn.Create(field, rows);
    }

    public override Column Fetch(FieldSchema field, ReadOnlySpan<int> rows) =>
        Find(field.Id)?.Fetch(field, rows, RowCount) ?? MissingColumn.Create(field, rows.Length);

    /// <summary>
    /// Made when a reader first wants rows in that order, and again when the rows since then are many: pages over a segment that grows cost
    /// little each.
    /// </summary>
    internal override PrimaryKeyOrder OrderByKey(int rowCount)
    {
        var order = Volatile.Read(ref _order);
        if (order is not null && rowCount - order.Count <= Math.Max(SmallTail, order.Count / TailShare)) return order;
        var key = Schema.PrimaryKey;
        var blocks = new Column[(rowCount + ColumnLimits.BlockRows - 1) >> ColumnLimits.BlockShift];
        for (var block = 0; block < blocks.Length; block++) blocks[block] = ReadBlock(key, block, rowCount);
        order = new PrimaryKeyOrder(blocks);
        Volatile.Write(ref _order, order);
        return order;
    }

    internal override DenseVectors? FindVectors(long fieldId) =>
        Find(fieldId) is GrowingVectorField field ? new DenseVectors(field.Store, field.Validity.Words, null) : null;

    /// <summary>See <see cref="GrowingVectorField.IndexOver"/>.</summary>
    internal VectorIndex? FindIndex(long fieldId, int rowCount, MetricType metric, long comparisons) =>
        (Find(fieldId) as GrowingVectorField)?.IndexOver(rowCount, metric, comparisons);

    /// <summary>True when searches of the field by some metric go along a graph.</summary>
    public bool HasGraph(long fieldId) => (Find(fieldId) as GrowingVectorField)?.HasGraph == true;

    internal override VectorArrays? FindVectorArrays(long fieldId) => (Find(fieldId) as GrowingVectorArrayField)?.Vectors;

    internal override SparseVectors? FindSparse(long fieldId) =>
        Find(fieldId) is GrowingSparseField field ? new SparseVectors(field.Store, field.Validity.Words, field.Index) : null;

    public override IBm25Statistics? Bm25StatisticsOf(long fieldId) => (Find(fieldId) as GrowingSparseField)?.Statistics;

    internal override ColumnStatistics? StatisticsOf(long fieldId, int block) => null;

    private GrowingField? Find(long fieldId) => Volatile.Read(ref _fields)?.Find(fieldId);

    /// <summary>The columns; the list is replaced when a field is added.</summary>
    private sealed class Fields
    {
        private GrowingField[] _all;

        public Fields(CollectionSchema schema)
        {
            _all = [.. schema.Fields.Select(f => GrowingField.For(f, schema))];
            Keys = PrimaryKeyMap.For(schema.PrimaryKey.Type, ((GrowingScalarField)Find(schema.PrimaryKey.Id)!).Column);
        }

        public PrimaryKeyMap Keys { get; }

        public long MemoryBytes => Volatile.Read(ref _all).Sum(f => f.MemoryBytes) + Keys.MemoryBytes;

        public GrowingField? Find(long fieldId)
        {
            foreach (var field in Volatile.Read(ref _all))
                if (field.FieldId == fieldId) return field;
            return null;
        }

        public GrowingField GetOrAdd(FieldSchema field, CollectionSchema schema, int rowCount)
        {
            if (Find(field.Id) is { } known) return known;
            var added = GrowingField.For(field, schema);
            for (var filled = 0; filled < rowCount; filled += ColumnLimits.BlockRows)
                added.Append(MissingColumn.Create(field, Math.Min(ColumnLimits.BlockRows, rowCount - filled)));
            Volatile.Write(ref _all, [.. _all, added]);
            return added;
        }
    }
}
