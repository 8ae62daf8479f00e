using Milvus.Storage.Minio.Requests;

namespace Milvus.Storage.Minio.Reading;

/// <summary>
/// Reads an object as it arrives. When the connection breaks off or falls silent, the rest is asked for again, on the condition that the
/// object is still the same one.
/// </summary>
internal sealed class ObjectReadStream(RangeReader reader, RangeResponse first, TimeSpan timeout, int maxAttempts) : Stream
{
    private RangeResponse _response = first;
    private long _position = first.Start;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException("ask the store for the length of an object");

    public override long Position
    {
        get => throw new NotSupportedException("object streams read forward only");
        set => throw new NotSupportedException("object streams read forward only");
    }

    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count), default).AsTask().GetAwaiter().GetResult();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var wanted = (int)Math.Min(buffer.Length, _response.End - _position);
        if (wanted <= 0)
            return 0;
        for (var attempt = 1; ; attempt++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(timeout);
            try
            {
                var read = await _response.Content.ReadAsync(buffer[..wanted], limit.Token).ConfigureAwait(false);
                if (read == 0)
                    throw new EndOfStreamException($"ended {_response.End - _position} bytes early");
                _position += read;
                return read;
            }
            catch (Exception e) when (e is IOException or HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                if (attempt == maxAttempts || _response.Tag is null)
                    throw StorageErrors.Translate(e is OperationCanceledException ? new TimeoutException($"nothing arrived for {timeout.TotalSeconds} s") : e, reader.Place);
                _response.Dispose();
                _response = await reader.ResumeAsync(_response, _position, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("object streams read forward only");

    public override void SetLength(long value) => throw new NotSupportedException("objects are immutable");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("objects are immutable");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _response.Dispose();
        base.Dispose(disposing);
    }
}
