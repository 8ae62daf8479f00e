namespace Milvus.Storage.Minio.Uploads;

/// <summary>
/// Holds an object while it is being written, because the storage wants to know its length before the first byte: in memory at first, in a
/// temporary file once it grows. The file has no name on Unix, so that nothing stays behind when the process dies.
/// </summary>
internal sealed class Spool(string directory, int memoryLimit) : Stream
{
    private const int FileBufferBytes = 128 << 10;

    private Stream _content = new MemoryStream();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _content.Length;

    public override long Position
    {
        get => _content.Position;
        set => throw new NotSupportedException("a spool is written forward only");
    }

    /// <summary>Everything written, from its beginning. The spool still owns it.</summary>
    public Stream ToContent()
    {
        _content.Flush();
        _content.Position = 0;
        return _content;
    }

    public override void Flush()
    {
        // Nobody reads before the end.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Reserve(buffer.Length);
        _content.Write(buffer);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Reserve(buffer.Length);
        return _content.WriteAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("a spool is written only");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("a spool is written forward only");

    public override void SetLength(long value) => throw new NotSupportedException("a spool is written forward only");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _content.Dispose();
        base.Dispose(disposing);
    }

    private void Reserve(int bytes)
    {
        if (_content is not MemoryStream memory || memory.Length + bytes <= memoryLimit)
            return;
        var path = Path.Combine(directory, $"milvus-spool-{Guid.NewGuid():N}");
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, FileBufferBytes, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        if (!OperatingSystem.IsWindows())
            File.Delete(path);
        memory.Position = 0;
        memory.CopyTo(file);
        memory.Dispose();
        _content = file;
    }
}
