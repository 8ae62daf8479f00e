using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Text.Analyzers;

namespace Milvus.Proxy;

/// <summary>
/// The one entrance for every wire protocol. Validates, assigns ids, routes by primary key, fans out, reduces. Stateless: what it knows
/// comes from the coordinator's catalogue. Every method throws <see cref="MilvusException"/> for a mistake of the caller.
/// </summary>
public interface IMilvusProxy
{
    /// <summary>The newest catalogue this proxy knows: describe, list and has are answered from it.</summary>
    Catalog Catalog { get; }

    /// <summary>Schema, alias, partition, index, load, user … changes. Forwarded to the coordinator.</summary>
    Task<CommandResult> ExecuteAsync(RequestContext context, CoordinatorCommand command, CancellationToken cancellation = default);

    /// <summary>A fresh hybrid timestamp.</summary>
    Timestamp Now();

    Task<MutationResult> InsertAsync(RequestContext context, InsertRequest request, CancellationToken cancellation = default);

    Task<MutationResult> UpsertAsync(RequestContext context, UpsertRequest request, CancellationToken cancellation = default);

    Task<MutationResult> DeleteAsync(RequestContext context, DeleteRequest request, CancellationToken cancellation = default);

    Task<QueryResult> QueryAsync(RequestContext context, QueryRequest request, CancellationToken cancellation = default);

    Task<SearchResult> SearchAsync(RequestContext context, SearchRequest request, CancellationToken cancellation = default);

    Task<SearchResult> HybridSearchAsync(RequestContext context, HybridSearchRequest request, CancellationToken cancellation = default);

    Task<FlushOutcome> FlushAsync(RequestContext context, string collection, CancellationToken cancellation = default);

    /// <summary>The analyzers that filters and functions use.</summary>
    AnalyzerRegistry Analyzers { get; }

    /// <summary>Files of words for analyzers; null when this process has none.</summary>
    FileResources? Resources { get; }

    /// <summary>Flush, compaction, load and index progress, statistics; name resolution is the caller's (see <see cref="Catalog"/>).</summary>
    IMaintenanceGateway Maintenance { get; }
}
