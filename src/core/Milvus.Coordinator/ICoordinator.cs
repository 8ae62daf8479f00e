using System.Collections.Immutable;
using Milvus.Coordinator.Commands;
using Milvus.Model;

namespace Milvus.Coordinator;

/// <summary>
/// The owner of the catalogue. Reads take the current <see cref="Catalog"/>, an immutable snapshot; changes go through
/// <see cref="ExecuteAsync"/>, one at a time, durable before they are visible. Thread-safe.
/// </summary>
public interface ICoordinator
{
    /// <summary>The latest committed state. Take it once per request.</summary>
    Catalog Catalog { get; }

    ITimestampOracle Oracle { get; }

    /// <summary>
    /// Decides, commits and publishes one command. When the task completes the change is durable, <see cref="Catalog"/> shows it and
    /// every observer has been told.
    /// </summary>
    /// <exception cref="MilvusException">The command breaks a rule, or this coordinator has been superseded (code 2).</exception>
    Task<CommandResult> ExecuteAsync(CoordinatorCommand command, CancellationToken cancellationToken = default);

    /// <summary>Adds an observer of all changes after this call; dispose the result to stop.</summary>
    IDisposable Subscribe(ICatalogObserver observer);
}

/// <summary>Is told about every committed change, in order, one at a time.</summary>
public interface ICatalogObserver
{
    /// <summary>
    /// Called while the command is still being answered and before the next one starts: it must not execute commands itself and
    /// should leave long work to others. Failures are logged and do not undo the change.
    /// </summary>
    ValueTask OnCatalogChangedAsync(CatalogChange change);
}

/// <summary>One committed command.</summary>
/// <param name="At">The command's timestamp, larger than every earlier one's.</param>
public sealed record CatalogChange(Catalog Before, Catalog After, ImmutableArray<CatalogEvent> Events, Timestamp At);

/// <summary>The answer to a command.</summary>
/// <param name="Changed">False when everything was already as asked.</param>
/// <param name="Id">The id of the object the command is about (collection, partition, database, index), 0 when it has none.</param>
/// <param name="At">The command's timestamp.</param>
/// <param name="Catalog">The state in which the command holds.</param>
public sealed record CommandResult(bool Changed, long Id, Timestamp At, Catalog Catalog);
