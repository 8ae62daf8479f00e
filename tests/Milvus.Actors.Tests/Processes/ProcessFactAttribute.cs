using Milvus.TestKit.Postgres;

namespace Milvus.Actors.Tests.Processes;

/// <summary>
/// A fact about several real processes: skipped where no PostgreSQL can be started, and where <c>MILVUS_CLUSTER_TESTS=0</c> says so.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProcessFactAttribute : FactAttribute
{
    public ProcessFactAttribute() =>
        Skip = !OperatingSystem.IsLinux() ? "needs loopback addresses beyond 127.0.0.1 and signals"
            : Environment.GetEnvironmentVariable("MILVUS_CLUSTER_TESTS") == "0" ? "switched off by MILVUS_CLUSTER_TESTS"
            : PostgresServer.MissingOwn;
}

/// <summary>As <see cref="ProcessFactAttribute"/>, for what takes minutes: only with <c>MILVUS_CLUSTER_TESTS=all</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongProcessFactAttribute : FactAttribute
{
    public LongProcessFactAttribute() =>
        Skip = Environment.GetEnvironmentVariable("MILVUS_CLUSTER_TESTS") == "all" ? PostgresServer.MissingOwn : "takes minutes: runs with MILVUS_CLUSTER_TESTS=all";
}

/// <summary>One cluster of processes at a time: they share ports and cores.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessCollection
{
    public const string Name = "processes";
}
