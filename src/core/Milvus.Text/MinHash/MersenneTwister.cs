namespace Milvus.Text.MinHash;

/// <summary>MT19937-64 (Matsumoto and Nishimura 2004): the same 64-bit numbers for a seed everywhere, as C++'s mt19937_64 gives them. Not thread-safe.</summary>
internal sealed class MersenneTwister
{
    private const int Words = 312;
    private const int Middle = 156;
    private const ulong Lower = (1UL << 31) - 1;
    private readonly ulong[] _state = new ulong[Words];
    private int _next = Words;

    public MersenneTwister(ulong seed)
    {
        _state[0] = seed;
        for (var i = 1; i < Words; i++) _state[i] = (6364136223846793005UL * (_state[i - 1] ^ (_state[i - 1] >> 62))) + (ulong)i;
    }

    public ulong Next()
    {
        if (_next == Words) Refill();
        var y = _state[_next++];
        y ^= (y >> 29) & 0x5555555555555555UL;
        y ^= (y << 17) & 0x71D67FFFEDA60000UL;
        y ^= (y << 37) & 0xFFF7EEE000000000UL;
        return y ^ (y >> 43);
    }

    private void Refill()
    {
        for (var i = 0; i < Words; i++)
        {
            var x = (_state[i] & ~Lower) | (_state[(i + 1) % Words] & Lower);
            _state[i] = _state[(i + Middle) % Words] ^ (x >> 1) ^ ((x & 1) == 0 ? 0UL : 0xB5026F5AA96619E9UL);
        }
        _next = 0;
    }
}
