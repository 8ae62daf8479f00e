using Milvus.Model;
using Milvus.Storage.Files;

namespace Milvus.Storage.Wal;

/// <summary>A file of a log: where it is, which record it begins with, how long it is without what a torn write left.</summary>
internal sealed record WalFile(string Path, long FirstSequence, long Length)
{
    /// <summary>True when it holds its header only.</summary>
    public bool IsEmpty => Length <= WalFormat.FileHeaderBytes;

    /// <summary>Opens it at its first record.</summary>
    /// <exception cref="IntegrityException">Its header is damaged.</exception>
    public WalRecordCursor OpenCursor(IFileSystem files, string channel)
    {
        var file = files.Open(Path, FileOpening.Read);
        try
        {
            Span<byte> header = stackalloc byte[WalFormat.FileHeaderBytes];
            var read = file.Read(0, header);
            if (WalFormat.CheckFileHeader(header[..read], channel, FirstSequence) is { } problem)
                throw new IntegrityException(Path, problem);
            return new WalRecordCursor(file, WalFormat.Salt(header), FirstSequence, Math.Min(Length, file.Length));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
