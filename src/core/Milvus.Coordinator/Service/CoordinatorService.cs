using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Persistence;
using Milvus.Coordinator.Segments;
using Milvus.Coordinator.Time;
using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Service;

/// <summary>
/// The coordinator's shell: takes the commands one after another, lets <see cref="CoordinatorState"/> decide, commits, then applies and
/// tells the observers. docs/failure-modes.md says what happens when a step fails.
/// </summary>
public sealed partial class CoordinatorService : ICoordinator, IAsyncDisposable
{
    private readonly MetaWriter _writer;
    private readonly TimestampOracle _oracle;
    private readonly CoordinatorOptions _options;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _observersGate = new();

    private ImmutableArray<ICatalogObserver> _observers = [];
    private Catalog _catalog;

    // A commit whose outcome is unknown: the store failed while acknowledging, and again when asked.
    private Pending? _uncertain;
    private bool _disposed;

    private CoordinatorService(MetaWriter writer, TimestampOracle oracle, Catalog catalog, CoordinatorOptions options, ILogger logger)
    {
        _writer = writer;
        _oracle = oracle;
        _catalog = catalog;
        _options = options;
        _logger = logger;
        Access = new AccessControl(this);
        Segments = null!;
    }

    /// <param name="Effect">What the events mean for the segments.</param>
    private sealed record Pending(Catalog Before, Catalog After, ImmutableArray<CatalogEvent> Events, Timestamp At, SegmentCatalog.Effect? Effect = null);

    public Catalog Catalog => Volatile.Read(ref _catalog);

    public ITimestampOracle Oracle => _oracle;

    /// <summary>The sealed segments of every collection.</summary>
    public SegmentCatalog Segments { get; private set; }

    public AccessControl Access { get; }

    /// <summary>What fences its predecessors: rises with every start on the same store.</summary>
    public long Epoch => _writer.Epoch;

    /// <summary>True once another coordinator has taken over; this one then refuses every command with code 2.</summary>
    public bool IsFenced => _writer.IsFenced;

    /// <summary>Takes the store over from any earlier coordinator, loads the catalogue and, on a new store, creates what must exist.</summary>
    /// <exception cref="IntegrityException">A stored entry cannot be read.</exception>
    public static async Task<CoordinatorService> StartAsync(IMetaStore store, CoordinatorOptions options, TimeProvider time, ILogger<CoordinatorService> logger, CancellationToken cancellationToken = default)
    {
        var writer = new MetaWriter(store, await store.AcquireEpochAsync(cancellationToken).ConfigureAwait(false));
        var oracle = await TimestampOracle.StartAsync(writer, time, options.TimestampLeaseMs, cancellationToken).ConfigureAwait(false);
        try
        {
            var catalog = await CatalogStore.LoadAsync(store, cancellationToken).ConfigureAwait(false);
            var service = new CoordinatorService(writer, oracle, catalog, options, logger);
            if (catalog.Version == 0) await service.BootstrapAsync().ConfigureAwait(false);
            service.Segments = await SegmentCatalog.LoadAsync(writer, () => service.Catalog, logger, cancellationToken).ConfigureAwait(false);
            service.Subscribe(service.Segments);
            return service;
        }
        catch
        {
            await oracle.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public IDisposable Subscribe(ICatalogObserver observer)
    {
        lock (_observersGate) _observers = _observers.Add(observer);
        return new Subscription(this, observer);
    }

    public async Task<CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _writer.ThrowIfFenced();
            if (_uncertain is { Effect: null }) await SettleAsync().ConfigureAwait(false);
            else if (_uncertain is not null) await Segments.InTurnAsync(SettleAsync).ConfigureAwait(false);
            var before = _catalog;
            var context = MakeContext(command is CreateUser or UpdateUser);
            switch (new CoordinatorState(before).Decide(command, context))
            {
                case Decision.Unchanged unchanged:
                    return new(false, unchanged.Id, context.Now, before);
                case Decision.Accepted accepted:
                    var pending = new Pending(before, before.Apply(accepted.Events), accepted.Events, context.Now);
                    if (command is CreateSnapshot or DropSnapshot or RestoreSnapshot or RestoreArchive) await CommitInTurnAsync(command, pending).ConfigureAwait(false);
                    else await CommitAsync(pending).ConfigureAwait(false);
                    return new(true, accepted.Id, context.Now, _catalog);
                case Decision.Rejected rejected:
                    throw rejected.Error;
                default:
                    throw new InvalidOperationException("a decision of no known kind");
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Makes sure that no other coordinator has taken over up to now, so that this one's memory names every object that the store names. It may name more: those of a commit
    /// whose outcome is not known yet.
    /// </summary>
    /// <exception cref="MilvusException">2: another one has. 1001: the store does not answer.</exception>
    public Task VerifyAsync(CancellationToken cancellationToken = default) => _writer.CommitAsync([], cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        if (!_disposed)
        {
            _disposed = true;
            await Segments.DisposeAsync().ConfigureAwait(false);
            await _oracle.DisposeAsync().ConfigureAwait(false);
        }
        _turn.Release();
    }

    private async Task BootstrapAsync()
    {
        var context = MakeContext(salted: true);
        var events = CoordinatorState.Bootstrap(context);
        await CommitAsync(new(_catalog, _catalog.Apply(events), events, context.Now)).ConfigureAwait(false);
    }

    private DecisionContext MakeContext(bool salted) => new()
    {
        Now = _oracle.Next(),
        Ids = new OracleIds(_oracle),
        Salt = salted ? ImmutableArray.Create(_options.RandomBytes(PasswordHasher.SaltBytes)) : [],
        PasswordIterations = _options.PasswordIterations,
        QueryNodes = _options.CountQueryNodes?.Invoke() ?? _options.QueryNodes,
    };

    // Snapshots are made of the segments of one moment, and restored ones are there when their collection is.
    private Task<bool> CommitInTurnAsync(CoordinatorCommand command, Pending pending) => Segments.InTurnAsync(async () =>
    {
        await CommitAsync(pending with { Effect = await Segments.PlanAsync(command, pending.Events, () => _oracle.NextIds()).ConfigureAwait(false) }).ConfigureAwait(false);
        return true;
    });

    private async Task CommitAsync(Pending pending)
    {
        try
        {
            await _writer.CommitAsync([.. CatalogStore.Mutations(pending.Events, pending.After.Version), .. pending.Effect?.Mutations ?? []]).ConfigureAwait(false);
        }
        catch (MilvusException e) when (MetaWriter.IsUncertain(e))
        {
            _uncertain = pending;
            if (pending.Effect is { Revert: not null } effect) effect.Apply();
            if (!await TrySettleAsync().ConfigureAwait(false)) throw;
            return;
        }
        await PublishAsync(pending).ConfigureAwait(false);
    }

    private async Task<bool> TrySettleAsync()
    {
        try
        {
            return await SettleAsync().ConfigureAwait(false);
        }
        catch (MilvusException)
        {
            // Still unknown: the next command asks again before it decides anything.
            return false;
        }
    }

    // Asks the store whether the uncertain commit happened; publishes it if so. True when it did.
    private async Task<bool> SettleAsync()
    {
        var pending = _uncertain!;
        long stored;
        try
        {
            // An empty commit makes sure that no successor is at work, whose version would tell nothing about ours.
            await _writer.CommitAsync([]).ConfigureAwait(false);
            stored = await CatalogStore.LoadVersionAsync(_writer.Store, CancellationToken.None).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.IoFailed, $"cannot read metadata: {e.Message}: IO failed", e);
        }
        _uncertain = null;
        if (stored != pending.After.Version)
        {
            pending.Effect?.Revert?.Invoke();
            return false;
        }
        await PublishAsync(pending).ConfigureAwait(false);
        return true;
    }

    private async Task PublishAsync(Pending pending)
    {
        if (pending.Effect is { IsRemoval: false } made) made.Apply();
        Volatile.Write(ref _catalog, pending.After);
        if (pending.Effect is { IsRemoval: true } removed) removed.Apply();
        var change = new CatalogChange(pending.Before, pending.After, pending.Events, pending.At);
        foreach (var observer in _observers)
        {
            try
            {
                await observer.OnCatalogChangedAsync(change).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                LogObserverFailure(_logger, e, observer.GetType().Name, change.After.Version);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Observer {Observer} failed at catalogue version {Version}")]
    private static partial void LogObserverFailure(ILogger logger, Exception exception, string observer, long version);

    private sealed class OracleIds(ITimestampOracle oracle) : IIdSource
    {
        public long NextId() => oracle.NextIds();
    }

    private sealed class Subscription(CoordinatorService service, ICatalogObserver observer) : IDisposable
    {
        public void Dispose()
        {
            lock (service._observersGate) service._observers = service._observers.Remove(observer);
        }
    }
}
