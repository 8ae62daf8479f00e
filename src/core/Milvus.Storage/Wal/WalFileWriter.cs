using Milvus.Model;
using Milvus.Storage.Files;

namespace Milvus.Storage.Wal;

/// <summary>Appends to one file of a log and knows how much of it is durable. Not thread-safe.</summary>
internal sealed class WalFileWriter : IDisposable
{
    private readonly ILogFile _file;
    private long _durableLength;

    private WalFileWriter(ILogFile file, uint salt, long length)
    {
        _file = file;
        _durableLength = length;
        Salt = salt;
        Length = length;
    }

    public uint Salt { get; }

    /// <summary>Bytes of complete records and the header; what a failed write left lies behind.</summary>
    public long Length { get; private set; }

    /// <summary>A new file whose header is durable; its name is not yet.</summary>
    public static WalFileWriter Create(IFileSystem files, string path, string channel, long firstSequence)
    {
        var file = files.Open(path, FileOpening.CreateEmpty);
        try
        {
            var header = WalFormat.EncodeFileHeader(channel, firstSequence);
            file.Write(0, [header]);
            file.Sync();
            return new WalFileWriter(file, WalFormat.Salt(header), header.Length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>An existing file, all of which is durable.</summary>
    /// <exception cref="IntegrityException">It is not as long as it was left.</exception>
    public static WalFileWriter Open(IFileSystem files, WalFile log, string channel)
    {
        var file = files.Open(log.Path, FileOpening.Write);
        if (file.Length == log.Length)
            return new WalFileWriter(file, WalFormat.Salt(WalFormat.EncodeFileHeader(channel, log.FirstSequence)), log.Length);
        var length = file.Length;
        file.Dispose();
        throw new IntegrityException(log.Path, $"the file has {length} bytes and should have {log.Length}: something else writes to it");
    }

    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> pieces, long bytes)
    {
        _file.Write(Length, pieces);
        Length += bytes;
    }

    public void Sync()
    {
        _file.Sync();
        _durableLength = Length;
    }

    /// <summary>Removes what lies behind <paramref name="length"/> and makes the rest durable.</summary>
    public void CutTo(long length)
    {
        _file.SetLength(length);
        _file.Sync();
        Length = length;
        _durableLength = length;
    }

    public void CutToDurable() => CutTo(_durableLength);

    /// <summary>
    /// Marks that the file has a successor. It helps to notice a missing one and nothing depends on it, so failing to write it is no failure.
    /// </summary>
    public void Seal(long nextSequence)
    {
        var record = new byte[WalFormat.RecordOverheadBytes];
        new WalRecordHeader(WalRecordKind.Seal, 0, 0, nextSequence, Crc32C.Compute([])).Encode(record, Salt);
        record[^1] = WalFormat.EndMark;
        try
        {
            _file.Write(Length, [record]);
            _file.Sync();
            Length += record.Length;
        }
        catch (IOException)
        {
            // Readers of a file with a successor stop before these bytes.
        }
    }

    public void Dispose() => _file.Dispose();
}
