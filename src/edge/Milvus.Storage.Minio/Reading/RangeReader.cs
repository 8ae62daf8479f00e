using System.Net;
using System.Net.Http.Headers;
using Milvus.Storage.Minio.Requests;
using Milvus.Storage.Objects;

namespace Milvus.Storage.Minio.Reading;

/// <summary>
/// One object's bytes over HTTP. The Minio client hands contents to a callback after asking twice whether the object exists; here it only
/// signs the address, and the answer to the one request is read as a stream.
/// </summary>
internal sealed class RangeReader(HttpClient client, Func<Task<string>> sign, string key, string place)
{
    public string Place => place;

    /// <summary>Opens [offset, offset + length), cut at the object's end; null stands for nothing there: the range begins at the end or behind it.</summary>
    /// <exception cref="ObjectNotFoundException">There is no such object.</exception>
    public Task<RangeResponse?> OpenAsync(long offset, long? length, CancellationToken cancellationToken) =>
        OpenAsync(offset, length is { } bytes && bytes <= long.MaxValue - offset ? offset + bytes : null, null, cancellationToken);

    /// <summary>Opens what is left of a response that broke off.</summary>
    public async Task<RangeResponse> ResumeAsync(RangeResponse broken, long position, CancellationToken cancellationToken) =>
        await OpenAsync(position, broken.End, broken.Tag, cancellationToken).ConfigureAwait(false)
            ?? throw new IOException($"{place}: has become shorter while it was read");

    private async Task<RangeResponse?> OpenAsync(long start, long? end, EntityTagHeaderValue? tag, CancellationToken cancellationToken)
    {
        HttpResponseMessage? response = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, await sign().ConfigureAwait(false));
            request.Options.Set(PatientHandler.Streamed, true);
            if (start != 0 || end is not null)
                request.Headers.Range = new RangeHeaderValue(start, end - 1);
            if (tag is not null)
                request.Headers.IfMatch.Add(tag);
            response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            switch (response.StatusCode)
            {
                case HttpStatusCode.OK when start == 0:
                case HttpStatusCode.PartialContent when response.Content.Headers.ContentRange?.From == start:
                    var opened = await RangeResponse.ReadAsync(response, start, end, cancellationToken).ConfigureAwait(false);
                    response = null;
                    return opened;
                case HttpStatusCode.RequestedRangeNotSatisfiable:
                    return null;
                case HttpStatusCode.OK or HttpStatusCode.PartialContent:
                    throw new IOException("the server does not answer with the range that was asked for");
                default:
                    var (code, message) = await StorageErrors.ReadAsync(response, cancellationToken).ConfigureAwait(false);
                    if (response.StatusCode == HttpStatusCode.NotFound && code != "NoSuchBucket")
                        throw new ObjectNotFoundException(key, place);
                    throw new IOException($"{(code.Length != 0 ? code : $"status {(int)response.StatusCode}")}: {message}");
            }
        }
        catch (Exception e) when (e is not ObjectNotFoundException && !cancellationToken.IsCancellationRequested)
        {
            throw StorageErrors.Translate(e, place);
        }
        finally
        {
            response?.Dispose();
        }
    }
}
