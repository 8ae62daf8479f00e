using System.Text;
using Milvus.Api.Rest;
using Milvus.Coordinator.Access;

namespace Milvus.Hosting;

/// <summary>Checks REST credentials: <c>Bearer user:password</c>, the same without Bearer, or HTTP Basic.</summary>
internal sealed class RestGuard(AccessControl access) : IRestGuard
{
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

    private static string FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var n) ? Encoding.UTF8.GetString(bytes, 0, n) : "";
    }
}
