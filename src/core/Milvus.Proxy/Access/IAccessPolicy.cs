namespace Milvus.Proxy.Access;

/// <summary>What a request is about to do.</summary>
public enum ProxyOperation
{
    Insert,
    Upsert,
    Delete,
    Query,
    Search,
    HybridSearch,
    Flush,

    /// <summary>A change of the catalogue; the command says which.</summary>
    Command,
}

/// <summary>Decides who may do what. Asked once per request, before anything is looked up.</summary>
public interface IAccessPolicy
{
    /// <param name="user">Null when nobody has authenticated.</param>
    /// <param name="operation">What is about to happen.</param>
    /// <param name="database">The database the request means.</param>
    /// <param name="target">The collection as named by the client; for commands the type of the command.</param>
    /// <exception cref="Model.MilvusException">1400 or 1401: it may not.</exception>
    void Require(string? user, ProxyOperation operation, string database, string target);
}

/// <summary>Everybody may do everything: a server without authorisation.</summary>
public sealed class OpenAccess : IAccessPolicy
{
    public static OpenAccess Instance { get; } = new();

    public void Require(string? user, ProxyOperation operation, string database, string target)
    {
    }
}
