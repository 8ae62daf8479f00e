using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>A segment in memory as a source of rows, as of its row count now.</summary>
internal sealed class LoadedRows(Segment segment) : ISegmentRows
{
    public long SegmentId => segment.SegmentId;

    public int RowCount { get; } = segment.RowCount;

    public bool Lacks(FieldSchema output) => segment.LacksOutput(output);

    private int BlockCount => (RowCount + ColumnLimits.BlockRows - 1) >> ColumnLimits.BlockShift;

    public Task<ulong[]?> KeptRowsAsync(Timestamp horizon, CancellationToken cancellationToken)
    {
        // A copy: the log keeps its array for readers, and the caller may clear more bits.
        var live = segment.Tombstones.LiveRows(horizon, RowCount)?.AsSpan(0, Validity.WordCount(RowCount)).ToArray();
        if (live is not null) RowBits.ClearTail(live, RowCount);
        return Task.FromResult(live);
    }

    public async IAsyncEnumerable<Column> ReadBlocksAsync(FieldSchema field, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        for (var block = 0; block < BlockCount; block++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return segment.ReadBlock(field, block, RowCount);
        }
    }

    public async IAsyncEnumerable<FixedColumn<long>> ReadTimestampBlocksAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        for (var block = 0; block < BlockCount; block++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var start = block << ColumnLimits.BlockShift;
            var values = new long[Math.Min(ColumnLimits.BlockRows, RowCount - start)];
            segment.Inserts.CopyTo(start, MemoryMarshal.Cast<long, ulong>(values.AsSpan()));
            yield return new FixedColumn<long>(DataType.Int64, values);
        }
    }
}
