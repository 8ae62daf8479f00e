using System.Buffers;
using Milvus.Storage.Files;

namespace Milvus.Storage.Wal;

internal enum WalStep
{
    /// <summary>A record was read.</summary>
    Record,

    /// <summary>The file ends exactly after the last record.</summary>
    End,

    /// <summary>Something is there that is not the next record.</summary>
    Unreadable,
}

/// <summary>Steps through the records of one file in large reads. Owns the file. Not thread-safe.</summary>
internal sealed class WalRecordCursor : IDisposable
{
    private const int ReadBytes = 256 << 10;

    private readonly ILogFile _file;
    private readonly uint _salt;
    private readonly long _end;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
    private int _start;
    private int _count;

    /// <param name="file">The open file, disposed with the cursor.</param>
    /// <param name="salt">Its checksum seed.</param>
    /// <param name="firstSequence">Sequence of its first record.</param>
    /// <param name="end">Where to stop, at most the file's length.</param>
    public WalRecordCursor(ILogFile file, uint salt, long firstSequence, long end)
    {
        _file = file;
        _salt = salt;
        _end = end;
        NextSequence = firstSequence;
    }

    public string Path => _file.Path;

    /// <summary>Where the next record begins in the file.</summary>
    public long Offset { get; private set; } = WalFormat.FileHeaderBytes;

    public long NextSequence { get; private set; }

    public WalRecordHeader Header { get; private set; }

    /// <summary>The current record's payload, until the next step.</summary>
    public ReadOnlyMemory<byte> Payload { get; private set; }

    public WalStep Step()
    {
        if (Offset == _end)
            return WalStep.End;
        if (!Fill(WalFormat.RecordHeaderBytes)
            || !WalRecordHeader.TryDecode(_buffer.AsSpan(_start, _count), _salt, out var header)
            || header.Sequence != NextSequence
            || header.TotalBytes > _end - Offset
            || !Fill((int)header.TotalBytes)
            || !header.Verifies(_buffer.AsSpan(_start + WalFormat.RecordHeaderBytes, header.Length + 1)))
            return WalStep.Unreadable;
        Header = header;
        Payload = _buffer.AsMemory(_start + WalFormat.RecordHeaderBytes, header.Length);
        var total = (int)header.TotalBytes;
        _start += total;
        _count -= total;
        Offset += total;
        if (header.Kind == WalRecordKind.Data)
            NextSequence++;
        return WalStep.Record;
    }

    public void Dispose()
    {
        _file.Dispose();
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    // Has at least the wanted bytes at _start, or false when the file ends before.
    private bool Fill(int wanted)
    {
        if (_count >= wanted)
            return true;
        if (_end - Offset < wanted)
            return false;
        if (_buffer.Length < wanted)
        {
            var larger = ArrayPool<byte>.Shared.Rent(wanted);
            _buffer.AsSpan(_start, _count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, _count).CopyTo(_buffer);
        }
        _start = 0;
        var room = (int)Math.Min(_buffer.Length - _count, _end - Offset - _count);
        _count += _file.Read(Offset + _count, _buffer.AsSpan(_count, room));
        return _count >= wanted;
    }
}
