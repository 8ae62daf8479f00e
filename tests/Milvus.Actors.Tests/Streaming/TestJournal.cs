using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Milvus.Actors.Serialization;

namespace Milvus.Actors.Tests.Streaming;

/// <summary>What a test does to the journal of its actor system.</summary>
internal sealed class JournalFaults
{
    private static readonly ConditionalWeakTable<ActorSystem, JournalFaults> s_all = [];

    private readonly Lock _lock = new();
    private TaskCompletionSource? _hold;

    /// <summary>The next writes fail before anything is stored.</summary>
    public int FailBefore { get; set; }

    /// <summary>The next writes are stored, but the answer is a failure.</summary>
    public int FailAfter { get; set; }

    /// <summary>Nothing is stored and nothing can be read.</summary>
    public bool IsAway { get; set; }

    /// <summary>The next writes are refused.</summary>
    public int Reject { get; set; }

    /// <summary>Writes of whole batches so far.</summary>
    public int Writes { get; set; }

    /// <summary>Events stored and not deleted, of all ids.</summary>
    public HashSet<(string Id, long Nr)> Stored { get; } = [];

    public static JournalFaults Of(ActorSystem system) => s_all.GetValue(system, _ => new JournalFaults());

    /// <summary>Writes wait until <see cref="Release"/>.</summary>
    public void Hold()
    {
        lock (_lock) _hold ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Release()
    {
        TaskCompletionSource? hold;
        lock (_lock)
        {
            hold = _hold;
            _hold = null;
        }
        hold?.SetResult();
    }

    public Task HeldAsync()
    {
        lock (_lock) return _hold?.Task ?? Task.CompletedTask;
    }
}

/// <summary>A journal in memory that stores bytes, refuses a number that is taken as a database would, and fails when a test says so.</summary>
internal sealed class TestJournal : MemoryJournal
{
    private readonly JournalFaults _faults = JournalFaults.Of(Context.System);
    private readonly WireSerializer _serializer = new((ExtendedActorSystem)Context.System);

    protected override async Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        var writes = messages.ToList();
        await _faults.HeldAsync();
        lock (_faults)
        {
            _faults.Writes++;
            if (_faults.IsAway) throw new IOException("injected: the database is away");
            if (_faults.FailBefore > 0)
            {
                _faults.FailBefore--;
                throw new IOException("injected: the database is gone");
            }
            if (_faults.Reject > 0)
            {
                _faults.Reject--;
                return writes.Select(_ => new InvalidOperationException("injected: refused") as Exception).ToImmutableList();
            }
            var all = writes.SelectMany(w => (IImmutableList<IPersistentRepresentation>)w.Payload).ToList();
            if (all.Any(p => _faults.Stored.Contains((p.PersistenceId, p.SequenceNr)))) throw new InvalidOperationException("UNIQUE constraint failed: persistence_id, sequence_number");
            foreach (var p in all) _faults.Stored.Add((p.PersistenceId, p.SequenceNr));
        }
        var result = await base.WriteMessagesAsync(writes.Select(w => new AtomicWrite(
            ((IImmutableList<IPersistentRepresentation>)w.Payload).Select(p => p.WithPayload(Copy(p.Payload))).ToImmutableList())));
        lock (_faults)
        {
            if (_faults.FailAfter == 0) return result;
            _faults.FailAfter--;
            throw new IOException("injected: the answer was lost");
        }
    }

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr)
    {
        lock (_faults)
        {
            if (_faults.IsAway) throw new IOException("injected: the database is away");
        }
        return base.ReadHighestSequenceNrAsync(persistenceId, fromSequenceNr);
    }

    protected override async Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr)
    {
        await base.DeleteMessagesToAsync(persistenceId, toSequenceNr);
        lock (_faults) _faults.Stored.RemoveWhere(s => s.Id == persistenceId && s.Nr <= toSequenceNr);
    }

    private object Copy(object payload) => _serializer.FromBinary(_serializer.ToBinary(payload), _serializer.Manifest(payload));
}
