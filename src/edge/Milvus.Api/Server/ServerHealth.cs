namespace Milvus.Api.Server;

/// <summary>Whether the process can serve, and why not. Written by the host, read by every health endpoint. Thread-safe.</summary>
public sealed class ServerHealth
{
    private volatile string? _problem = "starting";

    public bool IsReady => _problem is null;

    /// <summary>Empty when ready.</summary>
    public string Problem => _problem ?? "";

    public void Ready() => _problem = null;

    public void NotReady(string problem) => _problem = problem;
}
