namespace Milvus.Text.Analyzers.StopWords;

/// <summary>Function words of Finnish, Hungarian, Russian, Arabic, Thai and Chinese, separated by blanks.</summary>
internal static class OtherStopWords
{
    public const string Finnish =
        "olla olen olet on olemme olette ovat ole oli olisi olisit olisin olisimme olisitte olisivat olit olin olimme olitte olivat ollut olleet en et ei "
        + "emme ette eivät minä minun minut minua minussa minusta minuun minulla minulta minulle sinä sinun sinut sinua sinussa sinusta sinuun sinulla "
        + "sinulta sinulle hän hänen hänet häntä hänessä hänestä häneen hänellä häneltä hänelle me meidän meidät meitä meissä meistä meihin meillä "
        + "meiltä meille te teidän teidät teitä teissä teistä teihin teillä teiltä teille he heidän heidät heitä heissä heistä heihin heillä heiltä "
        + "heille tämä tämän tätä tässä tästä tähän tällä tältä tälle tänä täksi tuo tuon tuota tuossa tuosta tuohon tuolla tuolta tuolle tuona tuoksi "
        + "se sen sitä siinä siitä siihen sillä siltä sille sinä siksi nämä näiden näitä näissä näistä näihin näillä näiltä näille näinä näiksi nuo "
        + "noiden noita noissa noista noihin noilla noilta noille noina noiksi ne niiden niitä niissä niistä niihin niillä niiltä niille niinä niiksi "
        + "kuka kenen kenet ketä kenessä kenestä keneen kenellä keneltä kenelle kenenä keneksi ketkä keiden keitä keissä keistä keihin keillä keiltä "
        + "keille keinä keiksi mikä minkä mitä missä mistä mihin millä miltä mille minä miksi mitkä joka jonka jota jossa josta johon jolla jolta "
        + "jolle jona joksi jotka joiden joita joissa joista joihin joilla joilta joille joina joiksi että ja jos koska kuin mutta niin sekä sillä tai "
        + "vaan vai vaikka kanssa mukaan noin poikki yli kun nyt itse";

    public const string Hungarian =
        "a ahogy ahol aki akik akkor alatt által általában amely amelyek amelyekben amelyeket amelyet amelynek ami amit amolyan amíg amikor át abban ahhoz "
        + "annak arra arról az azok azon azt azzal azért aztán azután azonban bár be belül benne cikk cikkek cikkeket csak de e eddig egész egy egyes "
        + "egyetlen egyéb egyik egyre ekkor el elég ellen elő először előtt első én éppen ebben ehhez emilyen ennek erre ez ezt ezek ezen ezzel ezért és "
        + "fel felé hanem hiszen hogy hogyan igen így illetve ill ilyen ilyenkor ison ismét itt jó jól jobban kell kellett keresztül keressünk ki "
        + "kívül között közül legalább lehet lehetett legyen lenne lenni lesz lett maga magát majd már más másik meg még mellett mert mely melyek mi mit "
        + "míg miért milyen mikor minden mindent mindenki mindig mint mintha mivel most nagy nagyobb nagyon ne néha nekem neki nem néhány nélkül nincs "
        + "olyan ott össze ő ők őket pedig persze rá s saját sem semmi sok sokat sokkal számára szemben szerint szinte talán tehát teljes tovább "
        + "továbbá több úgy ugyanis új újabb újra után utána utolsó vagy vagyis valaki valami valamint való vagyok van vannak volt voltam voltak "
        + "voltunk vissza vele viszont volna";

    public const string Russian =
        "и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было вот от меня еще нет о из ему теперь когда даже "
        + "ну вдруг ли если уже или ни быть был него до вас нибудь опять уж вам сказал ведь там потом себя ничего ей может они тут где есть надо ней "
        + "для мы тебя их чем была сам чтоб без будто человек чего раз тоже себе под жизнь будет ж тогда кто этот говорил того потому этого какой "
        + "совсем ним здесь этом один почти мой тем чтобы нее кажется сейчас были куда зачем сказать всех никогда сегодня можно при наконец два об "
        + "другой хоть после над больше тот через эти нас про всего них какая много разве сказала три эту моя впрочем хорошо свою этой перед иногда "
        + "лучше чуть том нельзя такой им более всегда конечно всю между";

    public const string Arabic =
        "من في على و فى يا عن مع ان أن إن هو هي هى علي ب ف ال أو او إذا اذا ما لا الى إلى الي مما كما لم لن قد كان كانت كل هذا هذه ذلك تلك التي الذي الذين "
        + "بعد قبل عند عندما غير بين حتى حيث كيف متى أي اي أين هناك هنا ثم بل لكن لقد فقد منذ خلال ضد نحو سوى دون تحت فوق أمام وراء حول أنا نحن أنت "
        + "أنتم هم هن هما له لها لهم به بها بهم فيه فيها فيهم منه منها منهم عليه عليها عليهم إليه إليها اليه اليها يكون تكون وهو وهي وان وأن وكان "
        + "وكانت كذلك لذلك أما اما إما ليس ليست وقد وفي ومن وعلى ولا وما لو لولا إلا الا مثل أيضا ايضا بعض جدا أحد احد نفس";

    public const string Thai =
        "ไว้ ไม่ ไป ได้ ให้ ใน โดย แห่ง แล้ว และ แรก แบบ แต่ เอง เห็น เลย เริ่ม เรา เมื่อ เพื่อ เพราะ เป็นการ เป็น เปิดเผย เปิด เนื่องจาก เดียวกัน เดียว เช่น เฉพาะ "
        + "เคย เข้า เขา อีก อาจ อะไร ออก อย่าง อยู่ อยาก หาก หลาย หลังจาก หลัง หรือ หนึ่ง ส่วน ส่ง สุด สำหรับ ว่า วัน ลง ร่วม ราย รับ ระหว่าง รวม ยัง มี มาก มา "
        + "พร้อม พบ ผ่าน ผล บาง น่า นี้ นำ นั้น นัก นอกจาก ทุก ที่สุด ที่ ทำให้ ทำ ทาง ทั้งนี้ ทั้ง ถ้า ถูก ถึง ต้อง ต่างๆ ต่าง ต่อ ตาม ตั้งแต่ ตั้ง ด้าน ด้วย ดัง ซึ่ง "
        + "ช่วง จึง จาก จัด จะ คือ ความ ครั้ง คง ขึ้น ของ ขอ ขณะ ก่อน ก็ การ กับ กัน กว่า กล่าว";

    public const string Chinese =
        "的 了 和 是 就 都 而 及 与 着 或 一个 没有 我们 你们 他们 她们 它们 是否 我 你 他 她 它 在 也 很 到 说 要 去 会 这 那 这个 那个 这些 那些 自己 之 以 于 "
        + "其 为 被 把 从 向 对 但 但是 如果 因为 所以 而且 并 并且 虽然 然后 还 还是 又 再 不 没 上 下 中 里 个 们 地 得 过 吗 呢 吧 啊 呀 哦 嗯 么 什么 怎么 哪 "
        + "哪里 谁 多少 几 各 每 该 此 等 由 将 使 让 给 跟 同 像 如 则 且 只 才 可 能 可以";
}
