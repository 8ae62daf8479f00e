using Microsoft.Extensions.Logging;
using Milvus.Coordinator;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.External;
using Milvus.Model;
using Milvus.Proxy.Access;
using Milvus.Proxy.Models;
using Milvus.Proxy.Namespaces;
using Milvus.Proxy.Reading;
using Milvus.Proxy.Reading.Aggregations;
using Milvus.Proxy.Reading.Explaining;
using Milvus.Proxy.Reading.Fusion;
using Milvus.Proxy.Reading.Queries;
using Milvus.Proxy.Reading.Ranking;
using Milvus.Proxy.Reading.Searches;
using Milvus.Proxy.Writing;
using Milvus.Text.Analyzers;

namespace Milvus.Proxy;

/// <summary>
/// The proxy: resolves names in one snapshot of the catalogue, and hands each request to the part that knows it. Who may send which request is
/// decided where it comes in. Thread-safe.
/// </summary>
public sealed partial class MilvusProxy : IMilvusProxy
{
    private readonly ICoordinator _coordinator;
    private readonly ILogger _logger;
    private readonly Inserter _inserter;
    private readonly Upserter _upserter;
    private readonly Deleter _deleter;
    private readonly QueryExecutor _queries;
    private readonly SearchExecutor _searches;
    private readonly HybridExecutor _hybrids;
    private readonly ReadExplainer _explainer;
    private readonly ReadRepeater _repeater;
    private readonly IModelGateway _models;
    private readonly FunctionProbe _probe;

    /// <param name="models">Reaches models that embed and compare texts; null for those that the options allow, over HTTP.</param>
    /// <param name="analyzers">Shared with other parts of the process where they have one; null for one of its own.</param>
    public MilvusProxy(
        ICoordinator coordinator,
        IShardGateway shards,
        IMaintenanceGateway maintenance,
        TimeProvider time,
        ProxyOptions options,
        ILogger logger,
        AnalyzerRegistry? analyzers = null,
        IModelGateway? models = null)
    {
        ArgumentNullException.ThrowIfNull(coordinator);
        ArgumentNullException.ThrowIfNull(shards);
        ArgumentNullException.ThrowIfNull(maintenance);
        _coordinator = coordinator;
        _logger = logger;
        Maintenance = maintenance;
        Resources = options.Files is { } files ? new FileResources(files, () => Catalog) : null;
        analyzers ??= new AnalyzerRegistry();
        Analyzers = analyzers;
        var oracle = coordinator.Oracle;
        var scopes = new ReadScopes(new GuaranteeTimestamps(oracle, options), time, options);
        var filters = new Filters(analyzers, time);
        _models = models ?? new HttpModelGateway(options.Models, time);
        var functions = new FunctionOutputs(analyzers, _models);
        _probe = new FunctionProbe(functions, _models, () => Catalog);
        var preparer = new RowPreparer(oracle, functions);
        var writer = new ShardWriter(shards);
        var planner = new SearchPlanner(filters, _models);
        var runner = new SearchRunner(new TermQueries(functions), filters);
        _repeater = new ReadRepeater(time, options);
        _inserter = new Inserter(preparer, writer, options);
        _upserter = new Upserter(preparer, new PartialUpdate(shards, scopes, filters, preparer, functions), writer, _repeater, options);
        _deleter = new Deleter(shards, scopes, filters, writer, _repeater, oracle, options);
        _queries = new QueryExecutor(shards, scopes, filters, options);
        var scoring = new HitScoring(runner, filters);
        var aggregator = new SearchAggregator(runner);
        _searches = Searches(shards);
        _hybrids = Hybrids(shards);
        _explainer = new ReadExplainer(
            time,
            notes => new QueryExecutor(new ExplainingGateway(shards, notes), scopes, filters, options),
            notes => Searches(new ExplainingGateway(shards, notes)),
            notes => Hybrids(new ExplainingGateway(shards, notes)));

        SearchExecutor Searches(IShardGateway gateway) => new(gateway, scopes, planner, runner, scoring, aggregator, analyzers, _models, options);
        HybridExecutor Hybrids(IShardGateway gateway) => new(gateway, scopes, planner, runner, scoring, _models, options);
    }

    public Catalog Catalog => _coordinator.Catalog;

    public IMaintenanceGateway Maintenance { get; }

    public AnalyzerRegistry Analyzers { get; }

    public FileResources? Resources { get; }

    public Timestamp Now() => _coordinator.Oracle.Next();

    public Task<CommandResult> ExecuteAsync(RequestContext context, CoordinatorCommand command, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command is DatabaseCommand { Database: var database }) DatabaseDenials.Check(Catalog.FindDatabase(database.Length == 0 ? Limits.DefaultDatabase : database), command);
        return Resources is null && !FunctionProbe.Concerns(command) ? _coordinator.ExecuteAsync(command, cancellation) : ExecutePreparedAsync(command, cancellation);
    }

    private async Task<CommandResult> ExecutePreparedAsync(CoordinatorCommand command, CancellationToken cancellation)
    {
        if (Resources is not null) command = await Resources.InlineAsync(command, cancellation).ConfigureAwait(false);
        if (FunctionProbe.Concerns(command)) await _probe.CheckAsync(command, cancellation).ConfigureAwait(false);
        return await _coordinator.ExecuteAsync(command, cancellation).ConfigureAwait(false);
    }

    public Task<MutationResult> InsertAsync(RequestContext context, InsertRequest request, CancellationToken cancellation = default) =>
        RunAsync(context, ProxyOperation.Insert, request.Collection, request, cancellation, (c, r, ct) =>
        {
            // Only a refresh writes into an external collection.
            if (r.Into is null) ExternalRules.Refuse(c, "insert");
            return _inserter.InsertAsync(c, NamespaceScope.Restrict(c, r), ct);
        });

    public Task<MutationResult> UpsertAsync(RequestContext context, UpsertRequest request, CancellationToken cancellation = default) =>
        RunAsync(context, ProxyOperation.Upsert, request.Collection, request, cancellation, (c, r, ct) =>
        {
            ExternalRules.Refuse(c, "upsert");
            return _upserter.UpsertAsync(c, NamespaceScope.Restrict(c, r), ct);
        });

    public Task<MutationResult> DeleteAsync(RequestContext context, DeleteRequest request, CancellationToken cancellation = default) =>
        RunAsync(context, ProxyOperation.Delete, request.Collection, request, cancellation, (c, r, ct) =>
        {
            ExternalRules.Refuse(c, "delete");
            return _deleter.DeleteAsync(c, NamespaceScope.Restrict(c, r), ct);
        });

    public Task<QueryResult> QueryAsync(RequestContext context, QueryRequest request, CancellationToken cancellation = default) =>
        ReadAsync(context, ProxyOperation.Query, request.Collection, request, cancellation, (c, r, ct) =>
        {
            r = NamespaceScope.Restrict(c, r);
            return ReadExplainer.IsWanted(r.Params) ? _explainer.QueryAsync(c, r, ct) : _queries.QueryAsync(c, r, ct);
        });

    public Task<SearchResult> SearchAsync(RequestContext context, SearchRequest request, CancellationToken cancellation = default) =>
        ReadAsync(context, ProxyOperation.Search, request.Collection, request, cancellation, (c, r, ct) =>
        {
            r = NamespaceScope.Restrict(c, r);
            return ReadExplainer.IsWanted(r.Params) ? _explainer.SearchAsync(c, r, ct) : _searches.SearchAsync(c, r, ct);
        });

    public Task<SearchResult> HybridSearchAsync(RequestContext context, HybridSearchRequest request, CancellationToken cancellation = default) =>
        ReadAsync(context, ProxyOperation.HybridSearch, request.Collection, request, cancellation, (c, r, ct) =>
        {
            r = NamespaceScope.Restrict(c, r);
            return ReadExplainer.IsWanted(r.RankParams) ? _explainer.SearchAsync(c, r, ct) : _hybrids.SearchAsync(c, r, ct);
        });

    public Task<FlushOutcome> FlushAsync(RequestContext context, string collection, CancellationToken cancellation = default) =>
        RunAsync(context, ProxyOperation.Flush, collection, this, cancellation, static (c, proxy, ct) =>
        {
            ExternalRules.Refuse(c, "flush");
            return proxy.Maintenance.FlushAsync(c, ct).AsTask();
        });

    // Every attempt looks the collection up again: it may have been altered or dropped while its shards moved.
    private Task<TResult> ReadAsync<TRequest, TResult>(
        RequestContext context,
        ProxyOperation operation,
        string name,
        TRequest request,
        CancellationToken cancellation,
        Func<CollectionInfo, TRequest, CancellationToken, Task<TResult>> read) =>
        _repeater.RunAsync(
            (Proxy: this, context, operation, name, request, read),
            static (s, ct) => s.Proxy.RunAsync(s.context, s.operation, s.name, s.request, ct, s.read),
            cancellation);

    private async Task<TResult> RunAsync<TRequest, TResult>(
        RequestContext context,
        ProxyOperation operation,
        string name,
        TRequest request,
        CancellationToken cancellation,
        Func<CollectionInfo, TRequest, CancellationToken, Task<TResult>> run)
    {
        var collection = operation is ProxyOperation.Search or ProxyOperation.HybridSearch
            ? Catalog.GetAnyCollection(context.Database, name)
            : Catalog.GetCollection(context.Database, name);
        DatabaseDenials.Check(Catalog.FindDatabase(collection.DatabaseId), operation);
        try
        {
            return await run(collection, request, cancellation).ConfigureAwait(false);
        }
        catch (MilvusException e) when (e.Code is ErrorCode.CollectionNotLoaded or ErrorCode.PartitionNotLoaded && ReadName(operation) is { } verb)
        {
            throw new MilvusException(e.Code, $"failed to {verb}: {e.Message}", e);
        }
        catch (IntegrityException e)
        {
            LogDamage(e, operation, collection.Name, e.DamagedSource);
            throw;
        }
    }

    private static string? ReadName(ProxyOperation operation) => operation switch
    {
        // A partial upsert reads the rows it completes.
        ProxyOperation.Query or ProxyOperation.Upsert => "query",
        ProxyOperation.Search or ProxyOperation.HybridSearch => "search",
        _ => null,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Operation} on {Collection} met damaged data in {DamagedSource}")]
    private partial void LogDamage(Exception problem, ProxyOperation operation, string collection, string damagedSource);
}
