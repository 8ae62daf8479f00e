using System.Data.Common;
using System.Net.Sockets;
using Akka.Pattern;
using Akka.Persistence;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Channels;

/// <summary>
/// A run of a channel that ended because its journal is away: it takes no writes, but all that was acknowledged is in it and can be read.
/// </summary>
/// <param name="Live">The run as it was.</param>
/// <param name="At">Complete up to here; what was being persisted is later, in doubt, and not read.</param>
/// <param name="Since">When it ended, in ticks of the node's time provider.</param>
internal sealed record RestingChannel(LiveChannel Live, Timestamp At, long Since)
{
    /// <summary>
    /// True when the failure says that the journal could not be reached or did not answer. Anything else may mean that another owner has written (the journal refuses a number twice), and then what is here is
    /// not known to be complete.
    /// </summary>
    public static bool IsJournalAway(Exception failure)
    {
        for (Exception? e = failure; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AggregateException { InnerExceptions.Count: > 1 } several:
                    return several.InnerExceptions.All(IsJournalAway);
                // Class 57P: the server shuts down or starts up. Class 23: the row is there already.
                case DbException { SqlState: { } state }:
                    return state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("08", StringComparison.Ordinal);
                case SocketException or IOException or TimeoutException or OpenCircuitException or RecoveryTimedOutException:
                    return true;
                case DbException { IsTransient: true, InnerException: null }:
                    return true;
            }
        }
        return false;
    }
}
