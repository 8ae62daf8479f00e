using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Storage.Segments;

/// <summary>What a finished column file holds.</summary>
public sealed record ColumnFileSummary(long RowCount, long Bytes, IReadOnlyList<BlockStatistics> Blocks);

/// <summary>
/// Writes a column file forward in blocks. Rows may come in batches of any size; it keeps at most one block of them, and none at all
/// while batches begin on block boundaries. Not thread-safe. Dispose it, completed or not; the stream stays open.
/// </summary>
public sealed class ColumnFileWriter : IDisposable
{
    private readonly Stream _destination;
    private readonly ColumnFileFormat _format;
    private readonly int _blockRows;
    private readonly BlockEncoder _encoder = new();
    private readonly List<BlockEntry> _entries = [];
    private readonly List<BlockStatistics> _statistics = [];
    private readonly List<byte[]> _validities = [];
    private ColumnBuilder? _pending;
    private long _position;
    private long _rows;
    private bool _completed;

    /// <param name="destination">Where the file goes, from its current position; needs to append only.</param>
    /// <param name="format">What the file holds.</param>
    /// <param name="blockRows">Rows per block; everything but tests keeps the default.</param>
    /// <exception cref="ArgumentException">No column file holds this format.</exception>
    public ColumnFileWriter(Stream destination, ColumnFileFormat format, int blockRows = ColumnLimits.BlockRows)
    {
        format.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(blockRows, 64);
        ArgumentOutOfRangeException.ThrowIfNotEqual(blockRows % 64, 0, nameof(blockRows));
        _destination = destination;
        _format = format;
        _blockRows = blockRows;
    }

    /// <summary>Appends the rows of a column of the file's type.</summary>
    /// <exception cref="ArgumentException">The column has another type, dimension or element type.</exception>
    public async ValueTask AppendAsync(Column rows, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        if (!_format.Matches(rows))
            throw new ArgumentException($"a column of {rows.Type} does not fit {_format}", nameof(rows));
        var start = 0;
        while (start < rows.Count)
        {
            if (_pending is null && rows.Count - start >= _blockRows)
            {
                var whole = start == 0 && rows.Count == _blockRows ? rows : rows.Slice(start, _blockRows);
                await WriteBlockAsync(whole, cancellationToken).ConfigureAwait(false);
                start += _blockRows;
                continue;
            }
            _pending ??= ColumnBuilder.For(_format.Type, _format.ElementType, _format.Dimension);
            while (start < rows.Count && _pending.Count < _blockRows)
                _pending.AppendFrom(rows, start++);
            if (_pending.Count == _blockRows)
                await WritePendingAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes what is left and the footer. The file is complete only after this.</summary>
    public async ValueTask<ColumnFileSummary> CompleteAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        await WritePendingAsync(cancellationToken).ConfigureAwait(false);
        await EnsureHeaderAsync(cancellationToken).ConfigureAwait(false);
        foreach (var words in _validities)
            await WriteAsync(words, cancellationToken).ConfigureAwait(false);
        PlaceValidities();
        await WriteAsync(ColumnFileDirectory.EncodeFooter(_rows, _entries, _statistics), cancellationToken).ConfigureAwait(false);
        _completed = true;
        return new ColumnFileSummary(_rows, _position, _statistics);
    }

    public void Dispose()
    {
        _encoder.Dispose();
        _completed = true;
    }

    private async ValueTask WritePendingAsync(CancellationToken cancellationToken)
    {
        if (_pending is null)
            return;
        var block = _pending.Build();
        _pending = null;
        await WriteBlockAsync(block, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WriteBlockAsync(Column block, CancellationToken cancellationToken)
    {
        await EnsureHeaderAsync(cancellationToken).ConfigureAwait(false);
        var statistics = BlockStatisticsCollector.Collect(block);
        _encoder.Encode(block);
        var entry = new BlockEntry(_position, _encoder.Length, _encoder.Checksum, 0, 0, 0);
        if (statistics.NullCount > 0)
        {
            var words = EncodeValidity(block.Validity!);
            entry = entry with { ValidityLength = words.Length, ValidityChecksum = Crc32C.Compute(words) };
            _validities.Add(words);
        }
        foreach (var piece in _encoder.Pieces)
            await WriteAsync(piece, cancellationToken).ConfigureAwait(false);
        _entries.Add(entry);
        _statistics.Add(statistics);
        _rows += block.Count;
    }

    // Validity lies behind all values, so that the values of fixed-width types form one array in the file.
    private void PlaceValidities()
    {
        var offset = _position - _validities.Sum(words => (long)words.Length);
        for (var i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].ValidityLength == 0)
                continue;
            _entries[i] = _entries[i] with { ValidityOffset = offset };
            offset += _entries[i].ValidityLength;
        }
    }

    // Bits behind the last row are cleared, so that equal rows give equal bytes.
    private static byte[] EncodeValidity(Validity validity)
    {
        var words = validity.Words.ToArray();
        if ((validity.Count & 63) != 0)
            words[^1] &= (1UL << (validity.Count & 63)) - 1;
        return MemoryMarshal.AsBytes(words.AsSpan()).ToArray();
    }

    private ValueTask EnsureHeaderAsync(CancellationToken cancellationToken) =>
        _position == 0 ? WriteAsync(ColumnFileDirectory.EncodeHeader(_format, _blockRows), cancellationToken) : ValueTask.CompletedTask;

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _destination.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        _position += bytes.Length;
    }
}
