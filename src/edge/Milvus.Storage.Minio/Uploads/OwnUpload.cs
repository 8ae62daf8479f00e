using System.Collections.Concurrent;
using System.Net;
using System.Web;

namespace Milvus.Storage.Minio.Uploads;

/// <summary>
/// The upload in parts that the present flow of control makes. The client keeps its number to itself, and to clean up it offers only to remove all unfinished uploads of a
/// key; other nodes may have some under way. So the number is read off the requests that send parts, and requests that remove another upload are not sent.
/// </summary>
internal sealed class OwnUpload
{
    private const string IdParameter = "uploadId";

    private static readonly AsyncLocal<OwnUpload?> s_current = new();

    private readonly ConcurrentDictionary<string, bool> _ids = new(StringComparer.Ordinal);

    /// <summary>Null outside of an upload.</summary>
    public static OwnUpload? Current => s_current.Value;

    /// <summary>True once a part was sent: there may be something to clean up.</summary>
    public bool HasBegun => !_ids.IsEmpty;

    /// <summary>Makes a new upload the present one, for the calling method and what it calls.</summary>
    public static OwnUpload Begin() => s_current.Value = new OwnUpload();

    /// <summary>The answer to a request that must not be sent; null for all others.</summary>
    public HttpResponseMessage? Withhold(HttpRequestMessage request)
    {
        if (request.RequestUri is not { } url || !url.Query.Contains(IdParameter, StringComparison.Ordinal) || HttpUtility.ParseQueryString(url.Query)[IdParameter] is not { Length: > 0 } id) return null;
        if (request.Method != HttpMethod.Delete)
        {
            _ids[id] = true;
            return null;
        }
        return _ids.ContainsKey(id) ? null : new HttpResponseMessage(HttpStatusCode.NoContent) { RequestMessage = request };
    }
}
