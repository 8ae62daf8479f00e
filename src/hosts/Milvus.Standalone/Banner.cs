using Milvus.Standalone.Settings;

namespace Milvus.Standalone;

/// <summary>What the operator reads first: where to connect.</summary>
internal static class Banner
{
    public static void Print(ServerSettings settings, int port, int? metricsPort)
    {
        var host = settings.Address?.ToString() ?? "localhost";
        var tls = settings.Tls.Options is not null;
        Console.WriteLine($"""
            Milvus.Actors standalone is ready.
              gRPC   {host}:{port}{(tls ? "   (TLS)" : "")}
              REST   {(tls ? "https" : "http")}://{host}:{port}/v2/vectordb/
              health {(metricsPort is { } m ? $"http://{host}:{m}/healthz   metrics http://{host}:{m}/metrics" : "off")}
              data   {Path.GetFullPath(settings.DataDirectory)}   (wal-sync {settings.Engine.Wal.SyncMode.ToString().ToLowerInvariant()})
            Stop with Ctrl-C.
            """);
    }
}
