using Milvus.Model;

namespace Milvus.Proxy.Reading;

/// <summary>A row of one shard.</summary>
internal readonly record struct RowAt(int Shard, RowReference Row);

/// <summary>Fetches the fields of final rows, in their order, each shard asked once per field.</summary>
internal sealed class RowFetch
{
    private readonly ShardReaders _readers;
    private readonly RowReference[][] _rows;
    private readonly RowPick[] _picks;
    private readonly Dictionary<long, Column> _known = [];

    public RowFetch(ShardReaders readers, ReadOnlySpan<RowAt> rows)
    {
        _readers = readers;
        _rows = new RowReference[readers.Count][];
        _picks = new RowPick[rows.Length];
        var counts = new int[readers.Count];
        foreach (var row in rows) counts[row.Shard]++;
        for (var shard = 0; shard < _rows.Length; shard++) _rows[shard] = new RowReference[counts[shard]];
        Array.Clear(counts);
        for (var i = 0; i < rows.Length; i++)
        {
            var (shard, row) = rows[i];
            _rows[shard][counts[shard]] = row;
            _picks[i] = new RowPick(shard, counts[shard]++);
        }
    }

    public int Count => _picks.Length;

    /// <summary>A field of these rows, in their order, that is there already.</summary>
    public void Know(long fieldId, Column column) => _known[fieldId] = column;

    public async Task<Column> FetchAsync(FieldSchema field, CancellationToken cancellation)
    {
        if (_known.TryGetValue(field.Id, out var known)) return known;
        if (_picks.Length == 0) return ColumnBuilder.For(field).Build();
        var columns = new Column?[_rows.Length];
        var asked = new List<Task>(_rows.Length);
        for (var shard = 0; shard < _rows.Length; shard++)
            if (_rows[shard].Length > 0) asked.Add(FetchShardAsync(field.Id, shard, columns, cancellation));
        await Task.WhenAll(asked).ConfigureAwait(false);
        return ColumnGather.Gather(columns, _picks);
    }

    private async Task FetchShardAsync(long fieldId, int shard, Column?[] columns, CancellationToken cancellation) =>
        columns[shard] = await _readers[shard].FetchAsync(fieldId, _rows[shard], cancellation).ConfigureAwait(false);
}
