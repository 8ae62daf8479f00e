using Microsoft.Win32.SafeHandles;

namespace Milvus.Storage.Objects;

/// <summary>Reads a range of a file forward, unbuffered: readers of objects ask for large pieces.</summary>
internal sealed class FileRangeStream(SafeFileHandle handle, long position, long end) : Stream
{
    private long _position = position;
    private bool _isTaken;

    /// <summary>The file, which the caller closes from now on.</summary>
    public SafeFileHandle TakeHandle()
    {
        _isTaken = true;
        return handle;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException("ask the store for the length of an object");

    public override long Position
    {
        get => throw new NotSupportedException("object streams read forward only");
        set => throw new NotSupportedException("object streams read forward only");
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, end - _position);
        if (wanted <= 0)
            return 0;
        var read = RandomAccess.Read(handle, buffer[..wanted], _position);
        _position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = (int)Math.Min(buffer.Length, end - _position);
        if (wanted <= 0)
            return 0;
        var read = await RandomAccess.ReadAsync(handle, buffer[..wanted], _position, cancellationToken).ConfigureAwait(false);
        _position += read;
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("object streams read forward only");

    public override void SetLength(long value) => throw new NotSupportedException("objects are immutable");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("objects are immutable");

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isTaken)
            handle.Dispose();
        base.Dispose(disposing);
    }
}
