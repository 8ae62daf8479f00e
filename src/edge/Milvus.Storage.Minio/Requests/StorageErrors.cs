using System.Xml;
using System.Xml.Linq;
using Milvus.Storage.Files;
using Minio.Exceptions;

namespace Milvus.Storage.Minio.Requests;

/// <summary>What failures of the storage mean to callers of an object store, and how answers that report them are read.</summary>
internal static class StorageErrors
{
    private const string StorageFull = "XMinioStorageFull";

    /// <summary>
    /// An <see cref="IOException"/> naming the place. Whatever the client throws is a failure of the medium here: its arguments were checked
    /// before, and it throws <see cref="NullReferenceException"/> and the like for answers it cannot read.
    /// </summary>
    public static IOException Translate(Exception e, string place) => e switch
    {
        MinioException { Response.Code: StorageFull } => DiskErrors.DiskFull(place),
        AuthorizationException or AccessDeniedException => new IOException($"{place}: access denied: {e.Message}", e),
        BucketNotFoundException => new IOException($"{place}: the bucket does not exist", e),
        MinioException { Response: { Code: { Length: > 0 } code } response } => new IOException($"{place}: {code}: {response.Message}", e),
        MinioException { ServerResponse.Exception: { } cause } => new IOException($"{place}: {Describe(cause)}", e),
        _ => new IOException($"{place}: {Describe(e)}", e),
    };

    /// <summary>Code and message of an answer that is no success; both may be empty.</summary>
    public static async Task<(string Code, string Message)> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var error = XDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)).Root!;
            return (Text(error, "Code"), Text(error, "Message"));
        }
        catch (XmlException)
        {
            return ("", "");
        }
    }

    /// <summary>True when the answer to completing an upload says that it is complete: it may report an error although its status is 200.</summary>
    public static bool SaysComplete(string? content)
    {
        try
        {
            return XDocument.Parse(content ?? "").Root!.Name.LocalName == "CompleteMultipartUploadResult";
        }
        catch (XmlException)
        {
            return false;
        }
    }

    private static string Describe(Exception e) => e.InnerException is { } inner ? $"{e.Message}: {inner.Message}" : e.Message;

    private static string Text(XElement error, string name) => error.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value ?? "";
}
