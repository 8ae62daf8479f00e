using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Milvus.Model;
using Milvus.Storage.Objects;

namespace Milvus.Storage.Segments;

/// <summary>
/// Reads a column file. Holds its block directory in memory and no handle between calls; immutable and safe for concurrent use.
/// Every byte it returns has passed its checksum. Damage surfaces as <see cref="IntegrityException"/> naming the object and the
/// block, a vanished object as <see cref="ObjectNotFoundException"/>.
/// </summary>
public sealed class ColumnFileReader
{
    private const int TailReadBytes = 64 << 10;
    private const int ChunkBytes = 256 << 10;

    private readonly IObjectStore _store;
    private readonly BlockEntry[] _entries;
    private readonly BlockStatistics[] _statistics;

    private ColumnFileReader(IObjectStore store, string key, long bytes, ColumnFileFormat format, int blockRows, long rows, BlockEntry[] entries, BlockStatistics[] statistics)
    {
        _store = store;
        Key = key;
        Bytes = bytes;
        Format = format;
        BlockRows = blockRows;
        RowCount = rows;
        _entries = entries;
        _statistics = statistics;
    }

    public string Key { get; }

    /// <summary>Length of the object.</summary>
    public long Bytes { get; }

    public ColumnFileFormat Format { get; }

    public long RowCount { get; }

    /// <summary>Rows of every block but the last, which may have fewer.</summary>
    public int BlockRows { get; }

    public int BlockCount => _entries.Length;

    /// <summary>One entry per block.</summary>
    public IReadOnlyList<BlockStatistics> Statistics => _statistics;

    /// <summary>True when some row is null.</summary>
    public bool HasNulls => Array.Exists(_statistics, s => s.NullCount > 0);

    /// <summary>
    /// Bytes of all values without validity and directory; dense vectors and fixed-width scalars lie as one array from
    /// <see cref="ColumnFileFormat.HeaderBytes"/> on.
    /// </summary>
    public long ValueBytes => _entries.Length == 0 ? 0 : _entries[^1].Offset + _entries[^1].Length - _entries[0].Offset;

    /// <summary>Reads and checks header and block directory, not the blocks.</summary>
    public static async Task<ColumnFileReader> OpenAsync(IObjectStore store, string key, CancellationToken cancellationToken = default)
    {
        var bytes = await store.GetLengthAsync(key, cancellationToken).ConfigureAwait(false)
            ?? throw new ObjectNotFoundException(key, store.TryGetLocalPath(key));
        if (bytes < ColumnFileFormat.HeaderBytes + ColumnFileFormat.TailBytes)
            throw Damaged(store, key, $"truncated: {bytes} bytes cannot be a column file");
        try
        {
            var header = await ReadRangeAsync(store, key, 0, ColumnFileFormat.HeaderBytes, cancellationToken).ConfigureAwait(false);
            var (format, blockRows) = ColumnFileDirectory.DecodeHeader(header);
            var footer = await ReadFooterAsync(store, key, bytes, cancellationToken).ConfigureAwait(false);
            var (rows, entries, statistics) = ColumnFileDirectory.DecodeFooter(footer.Span);
            CheckDirectory(format, blockRows, rows, entries, statistics, bytes - ColumnFileFormat.TailBytes - footer.Length);
            return new ColumnFileReader(store, key, bytes, format, blockRows, rows, entries, statistics);
        }
        catch (FormatException e)
        {
            throw Damaged(store, key, e.Message);
        }
    }

    /// <summary>Reads one block.</summary>
    /// <param name="index">0 … <see cref="BlockCount"/> − 1.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async Task<Column> ReadBlockAsync(int index, CancellationToken cancellationToken = default)
    {
        var stream = await _store.OpenReadAsync(Key, _entries[index].Offset, _entries[index].Length, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            return await ReadBlockAsync(stream, index, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the blocks from <paramref name="first"/> on in order through one stream.</summary>
    public async IAsyncEnumerable<Column> ReadBlocksAsync(int first = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (first >= BlockCount)
            yield break;
        var stream = await _store.OpenReadAsync(Key, _entries[first].Offset, ValuesEnd - _entries[first].Offset, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            for (var index = first; index < BlockCount; index++)
                yield return await ReadBlockAsync(stream, index, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Streams the values of a dense vector or fixed-width column into memory of the caller, checked block by block while copying;
    /// null rows hold placeholders. On failure the memory's content is undefined.
    /// </summary>
    /// <param name="target">Gives, per block index, the memory for the block's rows: rows × row bytes, or more.</param>
    /// <param name="cancellationToken">Stops the read.</param>
    public async Task ReadAllValuesAsync(Func<int, Memory<byte>> target, CancellationToken cancellationToken = default)
    {
        if (Format.RowBytes == 0)
            throw new InvalidOperationException($"{Format.Type} has no fixed row length");
        if (BlockCount == 0)
            return;
        var stream = await _store.OpenReadAsync(Key, _entries[0].Offset, ValueBytes, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            for (var index = 0; index < BlockCount; index++)
                await ReadCheckedAsync(stream, target(index)[..(int)_entries[index].Length], index, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>As the other overload, into one piece of memory of any size, managed or not.</summary>
    /// <param name="destination">Address of at least <see cref="ValueBytes"/> bytes that stay where they are until the task completes.</param>
    /// <param name="capacity">Bytes available there.</param>
    /// <param name="cancellationToken">Stops the read; the memory is not touched after the task has ended.</param>
    public Task ReadAllValuesAsync(nint destination, long capacity, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, ValueBytes);
        return ReadAllValuesAsync(
            index => new UnmanagedMemory(destination + (nint)(_entries[index].Offset - _entries[0].Offset), (int)_entries[index].Length).Memory,
            cancellationToken);
    }

    /// <summary>Reads all values and checks them, block by block, without keeping any.</summary>
    public async Task CheckValuesAsync(CancellationToken cancellationToken = default)
    {
        if (BlockCount == 0)
            return;
        var chunk = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            var stream = await _store.OpenReadAsync(Key, _entries[0].Offset, ValueBytes, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                for (var index = 0; index < BlockCount; index++)
                    await CheckBlockAsync(stream, chunk.AsMemory(0, ChunkBytes), index, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    /// <summary>Which rows of the whole file are present; null when all are.</summary>
    public async Task<Validity?> ReadValidityAsync(CancellationToken cancellationToken = default)
    {
        if (!HasNulls)
            return null;
        var words = new ulong[Validity.WordCount(checked((int)RowCount))];
        words.AsSpan().Fill(ulong.MaxValue);
        for (var index = 0; index < BlockCount; index++)
        {
            if (await ReadValidityAsync(index, cancellationToken).ConfigureAwait(false) is { } validity)
                validity.Words.CopyTo(words.AsSpan(index * (BlockRows / 64)));
        }
        return new Validity(words, (int)RowCount);
    }

    /// <summary>Reads everything and checks every checksum; for scrubbing.</summary>
    public async Task VerifyAsync(CancellationToken cancellationToken = default)
    {
        await foreach (var _ in ReadBlocksAsync(0, cancellationToken).ConfigureAwait(false))
        {
            // Reading checks.
        }
    }

    private long ValuesEnd => _entries[^1].Offset + _entries[^1].Length;

    private async Task<Column> ReadBlockAsync(Stream stream, int index, CancellationToken cancellationToken)
    {
        var bytes = GC.AllocateUninitializedArray<byte>((int)_entries[index].Length);
        await ReadCheckedAsync(stream, bytes, index, cancellationToken).ConfigureAwait(false);
        var validity = await ReadValidityAsync(index, cancellationToken).ConfigureAwait(false);
        try
        {
            return BlockDecoder.Decode(Format, _statistics[index].RowCount, bytes, validity);
        }
        catch (FormatException e)
        {
            throw Damaged(_store, Key, $"block {index}: {e.Message}");
        }
    }

    private async Task<Validity?> ReadValidityAsync(int index, CancellationToken cancellationToken)
    {
        var entry = _entries[index];
        if (entry.ValidityLength == 0)
            return null;
        byte[] bytes;
        try
        {
            bytes = await ReadRangeAsync(_store, Key, entry.ValidityOffset, entry.ValidityLength, cancellationToken).ConfigureAwait(false);
        }
        catch (FormatException e)
        {
            throw Damaged(_store, Key, $"block {index}: {e.Message}");
        }
        if (Crc32C.Compute(bytes) != entry.ValidityChecksum)
            throw Damaged(_store, Key, $"block {index}: checksum mismatch in its null flags");
        return new Validity(MemoryMarshal.Cast<byte, ulong>(bytes).ToArray(), _statistics[index].RowCount);
    }

    private Task ReadCheckedAsync(Stream stream, Memory<byte> destination, int index, CancellationToken cancellationToken) =>
        ReadCheckedAsync(stream, done => destination[done..], destination.Length, index, cancellationToken);

    private Task CheckBlockAsync(Stream stream, Memory<byte> chunk, int index, CancellationToken cancellationToken) =>
        ReadCheckedAsync(stream, _ => chunk, (int)_entries[index].Length, index, cancellationToken);

    // The checksum follows the copy chunk by chunk while the bytes are in the cache.
    private async Task ReadCheckedAsync(Stream stream, Func<int, Memory<byte>> destination, int length, int index, CancellationToken cancellationToken)
    {
        uint checksum = 0;
        for (var done = 0; done < length;)
        {
            var chunk = destination(done);
            chunk = chunk[..Math.Min(chunk.Length, Math.Min(ChunkBytes, length - done))];
            var read = await stream.ReadAsync(chunk, cancellationToken).ConfigureAwait(false);
            if (read == 0)
                throw Damaged(_store, Key, $"block {index}: truncated at byte {_entries[index].Offset + done}");
            checksum = Crc32C.Append(checksum, chunk.Span[..read]);
            done += read;
        }
        if (checksum != _entries[index].Checksum)
            throw Damaged(_store, Key, $"block {index}: checksum mismatch in bytes {_entries[index].Offset} to {_entries[index].Offset + _entries[index].Length}");
    }

    private static async Task<ReadOnlyMemory<byte>> ReadFooterAsync(IObjectStore store, string key, long bytes, CancellationToken cancellationToken)
    {
        var end = await ReadRangeAsync(store, key, bytes - Math.Min(bytes, TailReadBytes), (int)Math.Min(bytes, TailReadBytes), cancellationToken).ConfigureAwait(false);
        var (length, checksum) = ColumnFileDirectory.DecodeTail(end.AsSpan(end.Length - ColumnFileFormat.TailBytes));
        if (length < 0 || length > bytes - ColumnFileFormat.HeaderBytes - ColumnFileFormat.TailBytes)
            throw new FormatException("block directory has an impossible length");
        var before = end.Length - ColumnFileFormat.TailBytes - length;
        ReadOnlyMemory<byte> footer = before >= 0
            ? end.AsMemory(before, length)
            : await ReadRangeAsync(store, key, bytes - ColumnFileFormat.TailBytes - length, length, cancellationToken).ConfigureAwait(false);
        if (Crc32C.Compute(footer.Span) != checksum)
            throw new FormatException("block directory: checksum mismatch");
        return footer;
    }

    private static void CheckDirectory(ColumnFileFormat format, int blockRows, long rows, BlockEntry[] entries, BlockStatistics[] statistics, long footerOffset)
    {
        long offset = ColumnFileFormat.HeaderBytes, counted = 0;
        var sound = true;
        for (var i = 0; i < entries.Length; i++)
        {
            var blockRowCount = statistics[i].RowCount;
            sound &= entries[i].Offset == offset && entries[i].Length is >= 0 and <= int.MaxValue;
            sound &= i < entries.Length - 1 ? blockRowCount == blockRows : blockRowCount > 0 && blockRowCount <= blockRows;
            sound &= format.RowBytes == 0 || entries[i].Length == (long)blockRowCount * format.RowBytes;
            sound &= entries[i].ValidityLength == (statistics[i].NullCount > 0 ? Validity.WordCount(blockRowCount) * sizeof(ulong) : 0);
            offset += entries[i].Length;
            counted += blockRowCount;
        }
        foreach (var entry in entries)
        {
            sound &= entry.ValidityLength == 0 || entry.ValidityOffset == offset;
            offset += entry.ValidityLength;
        }
        if (!sound || counted != rows || offset != footerOffset)
            throw new FormatException("block directory does not fit the file: bytes are missing or have been added");
    }

    private static async Task<byte[]> ReadRangeAsync(IObjectStore store, string key, long offset, int length, CancellationToken cancellationToken)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(length);
        var stream = await store.OpenReadAsync(key, offset, length, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            if (await stream.ReadAtLeastAsync(buffer, length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < length)
                throw new FormatException($"truncated within bytes {offset} to {offset + length}");
        }
        return buffer;
    }

    private static IntegrityException Damaged(IObjectStore store, string key, string problem) => new(store.TryGetLocalPath(key) ?? key, problem);
}
