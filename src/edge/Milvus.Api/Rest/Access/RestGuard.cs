using System.Text;
using Google.Protobuf;
using Milvus.Api.Access;
using Milvus.Coordinator;
using Milvus.Coordinator.Access;

namespace Milvus.Api.Rest.Access;

/// <summary>Checks passwords and privileges of REST requests, the privileges as those of gRPC calls.</summary>
/// <param name="catalog">The newest catalogue, for aliases and roles.</param>
public sealed class RestGuard(AccessControl access, Func<Catalog> catalog)
{
    private readonly RequestAccess _requests = new(access, catalog);

    /// <param name="authorization">The header: <c>Bearer user:password</c>, the same without Bearer, or HTTP Basic.</param>
    /// <returns>The user; null when the credentials are missing or wrong.</returns>
    public string? Authenticate(string authorization)
    {
        var text = authorization.Trim();
        if (text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) text = text[7..].Trim();
        else if (text.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)) text = FromBase64(text[6..].Trim());
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0) return null;
        var user = text[..colon];
        return access.Authenticate(user, text[(colon + 1)..]) ? user : null;
    }

    /// <param name="requests">The calls that would do the same over gRPC.</param>
    /// <exception cref="RestFailure">403: the user may not send one of them.</exception>
    internal void Authorize(IEnumerable<IMessage> requests, string user, string database)
    {
        foreach (var request in requests)
            if (_requests.FindRefusal(request, user, database) is { } refusal) throw RestFailure.Denied(refusal);
    }

    private static string FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var n) ? Encoding.UTF8.GetString(bytes, 0, n) : "";
    }
}
