using Milvus.Storage.Wal;
using Milvus.TestKit.Disk;

namespace Milvus.Storage.Tests.Wal;

/// <summary>
/// Random histories with a crash at a random operation, against a list of what was appended: whatever the crash point, every synced
/// record is there, in order, unchanged, and no record is there that was not appended.
/// </summary>
public sealed class ChannelLogCrashTests
{
    [Fact]
    public void Any_crash_point_keeps_every_synced_record_and_invents_none()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            try
            {
                new History(seed).Run();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
    }

    private sealed class History(int seed)
    {
        private readonly Random _random = new(seed);
        private readonly Model _model = new();
        private SimulatedDisk _disk = new(seed);
        private WalOptions _options = WalOptions.Default with { SegmentBytes = WalOptions.MinSegmentBytes };

        public void Run()
        {
            _options = _options with { SyncMode = _random.Next(4) == 0 ? WalSyncMode.None : WalSyncMode.Always };
            for (var life = 0; life < 6; life++)
            {
                _disk.CrashAfter(_random.Next(50));
                try
                {
                    Live();
                }
                catch (SimulatedCrashException)
                {
                    // The next life checks.
                }
                // The process died, or the whole machine.
                _disk = _disk.Restart(powerCut: _random.Next(3) != 0);
            }
            _model.Check(Open());
        }

        private ChannelLog Open() => ChannelLog.Open("wal/c", "c", _options, _model.Trimmed, _disk);

        private void Live()
        {
            var log = Open();
            _model.Check(log);
            while (true)
            {
                if (_random.Next(12) == 0)
                    _disk.FreeBytes = _random.Next(2000);
                else if (_random.Next(15) == 0)
                    _disk.FailSyncs(1);
                var reopens = _random.Next(30) == 0;
                try
                {
                    Step(log);
                }
                catch (IOException)
                {
                    _model.Refused(log);
                }
                _disk.FreeBytes = long.MaxValue;
                _disk.FailSyncs(0);
                if (!reopens && !log.IsFailed)
                    continue;
                log.Dispose();
                log = Open();
                _model.Check(log);
            }
        }

        private void Step(ChannelLog log)
        {
            switch (_random.Next(10))
            {
                case < 5:
                    _model.Append(log, RandomPayloads(_random));
                    break;
                case < 8:
                    log.Commit();
                    break;
                case 8:
                    // The owner forgets records only once they are durable, and remembers that before it trims.
                    _model.Trimmed = Math.Max(_model.Trimmed, _random.NextInt64(log.FirstSequence - 1, log.DurableSequence + 1));
                    log.TrimTo(_model.Trimmed);
                    break;
                default:
                    log.ReleaseHandle();
                    break;
            }
            _model.Synced = log.DurableSequence;
        }
    }

    private static ReadOnlyMemory<byte>[] RandomPayloads(Random random)
    {
        var payloads = new ReadOnlyMemory<byte>[random.Next(1, 6)];
        for (var i = 0; i < payloads.Length; i++)
        {
            var payload = new byte[random.Next(3) switch { 0 => random.Next(30), 1 => random.Next(600), _ => random.Next(3000) }];
            if (random.Next(3) != 0)
                random.NextBytes(payload);
            payloads[i] = payload;
        }
        return payloads;
    }

    private sealed class Model
    {
        // Payloads by sequence − 1; what a crash removed is forgotten at the next check.
        private readonly List<byte[]> _appended = [];

        public long Synced { get; set; }

        public long Trimmed { get; set; }

        public void Append(ChannelLog log, ReadOnlyMemory<byte>[] payloads)
        {
            // Recorded first: an append that the crash interrupts may be found whole, in part or not at all.
            _appended.RemoveRange((int)log.NextSequence - 1, _appended.Count - ((int)log.NextSequence - 1));
            _appended.AddRange(payloads.Select(p => p.ToArray()));
            log.Append(payloads);
        }

        /// <summary>An operation failed: unless the log says that the outcome is open, nothing of it may ever be seen.</summary>
        public void Refused(ChannelLog log)
        {
            if (!log.IsFailed)
                _appended.RemoveRange((int)log.NextSequence - 1, _appended.Count - ((int)log.NextSequence - 1));
            Synced = log.DurableSequence;
        }

        public void Check(ChannelLog log)
        {
            Assert.True(log.NextSequence > Synced, $"record {Synced} was synced, the log ends before {log.NextSequence}");
            Assert.True(log.NextSequence - 1 <= _appended.Count, $"{_appended.Count} records were appended, the log has {log.NextSequence - 1}");
            Assert.True(log.FirstSequence <= Trimmed + 1, $"trimmed to {Trimmed}, but the log begins with {log.FirstSequence}");
            var expected = log.FirstSequence;
            using var reader = log.ReadFrom(expected);
            while (reader.TryRead(out var record))
            {
                Assert.Equal(expected, record.Sequence);
                Assert.True(record.Payload.Span.SequenceEqual(_appended[(int)expected - 1]), $"record {expected} has changed");
                expected++;
            }
            Assert.Equal(log.NextSequence, expected);
            // Opening makes durable what it finds, so from here on it has to stay.
            Synced = log.DurableSequence;
        }
    }
}
