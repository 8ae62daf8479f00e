using System.Net.Http.Headers;

namespace Milvus.Storage.Minio.Reading;

/// <summary>An answer being read: the bytes from <see cref="Start"/> to <see cref="End"/> of the object with <see cref="Tag"/>.</summary>
internal sealed class RangeResponse : IDisposable
{
    private readonly HttpResponseMessage _response;

    private RangeResponse(HttpResponseMessage response, Stream content, long start, long end)
    {
        _response = response;
        Content = content;
        Start = start;
        End = end;
    }

    public Stream Content { get; }

    public long Start { get; }

    public long End { get; }

    /// <summary>Null when the server gives none that identifies the bytes.</summary>
    public EntityTagHeaderValue? Tag => _response.Headers.ETag is { IsWeak: false } tag ? tag : null;

    public static async Task<RangeResponse> ReadAsync(HttpResponseMessage response, long start, long? end, CancellationToken cancellationToken)
    {
        var length = response.Content.Headers.ContentLength ?? throw new IOException("the server does not tell the length of an object");
        var content = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return new RangeResponse(response, content, start, Math.Min(start + length, end ?? long.MaxValue));
    }

    public void Dispose() => _response.Dispose();
}
