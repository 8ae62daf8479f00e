namespace Milvus.Storage.Objects;

/// <summary>
/// What the writer of an object gets: it can only append, whatever the store puts behind it, so that code that works with one store
/// works with all. <see cref="Position"/> counts the bytes written. Disposing it leaves the inner stream open.
/// </summary>
public sealed class ForwardOnlyStream(Stream inner) : Stream
{
    private long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException("an object being written has no length");

    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException("an object being written can only be appended to");
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("an object being written cannot be read");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("an object being written can only be appended to");

    public override void SetLength(long value) => throw new NotSupportedException("an object being written can only be appended to");

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        inner.Write(buffer);
        _written += buffer.Length;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        _written += buffer.Length;
    }
}
